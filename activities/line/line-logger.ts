/** What a line needs of a logger; the one of an activity's context is one. */
export interface LineLogger {
  error(message: string, fields: Record<string, unknown>): void;
}
