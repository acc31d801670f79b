/** How much is measured. */
export interface Size {
  /** Rounds of ten calls of each kind, in turn. */
  rounds: number;
  clients: number;
  callsEach: number;
  openSeconds: number;
  /** Messages whose events, tasks and bytes are counted. */
  counted: number;
  turns: number;
  creates: number;
  cleaned: number;
  /** Open sessions that the app's memory is looked at with. */
  openSessions: number;
  /** Rows of the large database; 0 leaves the scale out. */
  storedSessions: number;
  storedMessages: number;
  readers: number;
}

/** About a minute, for CI. */
export const SHORT: Size = {
  rounds: 8,
  clients: 32,
  callsEach: 10,
  openSeconds: 5,
  counted: 40,
  turns: 10,
  creates: 20,
  cleaned: 40,
  openSessions: 50,
  storedSessions: 0,
  storedMessages: 0,
  readers: 0,
};

/** About ten minutes. */
export const FULL: Size = {
  rounds: 40,
  clients: 32,
  callsEach: 40,
  openSeconds: 120,
  counted: 60,
  turns: 40,
  creates: 60,
  cleaned: 200,
  openSessions: 5_000,
  storedSessions: 100_000,
  storedMessages: 1_000_000,
  readers: 500,
};
