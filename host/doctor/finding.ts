/** What a check of `doctor` found. */
export interface Finding {
  check: string;
  state: 'ok' | 'warn' | 'fail';
  /** What is so. */
  text: string;
  /** What to do, where something is to be done. */
  todo?: string;
}
