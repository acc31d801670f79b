/**
 * A session id as a part of an address. `.` and `..` are ids too, but no address holds them, however they are encoded: they
 * go behind a `~`, which no id has.
 */
export function toPathPart(sessionId: string): string {
  return sessionId === '.' || sessionId === '..' ? `~${sessionId}` : encodeURIComponent(sessionId);
}

/** The session id in a part of an address; null when it is not well encoded. */
export function fromPathPart(part: string): string | null {
  try {
    return decodeURIComponent(part).replace(/^~(\.{1,2})$/, '$1');
  } catch {
    return null;
  }
}
