/** The time as ISO 8601 UTC with milliseconds, or `fallback` where `text` is no time (a peer may send anything). */
export function isoTime(text: string, fallback: string): string {
  const at = Date.parse(text);
  return Number.isNaN(at) ? fallback : new Date(at).toISOString();
}

/** The later of two ISO times; an empty one is earlier than all. */
export function laterOf(one: string, other: string): string {
  return one > other ? one : other;
}
