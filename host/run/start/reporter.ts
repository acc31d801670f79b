/** What `start` tells: people read words, programs read events. */
export interface Reporter {
  /** Something goes on that may take a while. */
  progress(text: string): void;
  /** Something to know. */
  say(text: string): void;
  /** Something that is not as it should be. */
  warn(text: string): void;
  /** Text as it is written, without a line end. */
  stream(text: string): void;
  /** A fact for programs. */
  event(event: { type: string } & Record<string, unknown>): void;
}
