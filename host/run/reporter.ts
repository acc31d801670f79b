/** Where the output of `start` goes: words for people, events for programs. */
export interface Reporter {
  /** Reports a step that may take a while. */
  progress(text: string): void;
  say(text: string): void;
  /** Reports that something is not as it should be. */
  warn(text: string): void;
  /** Writes a piece of text without a line end. */
  stream(text: string): void;
  /** Reports a fact to programs. */
  event(event: { type: string } & Record<string, unknown>): void;
}
