/** What a `Prefer` header asks of a message call. */
export interface Preference {
  waitMs: number;
  /** What `Preference-Applied` says; null when nothing was asked. */
  applied: string | null;
}

/**
 * Reads `respond-async` and `wait=N` (seconds, capped). Both together: wait so long, then answer 202.
 * What it does not know it leaves alone, as RFC 7240 wants.
 */
export function parsePrefer(header: string | undefined, defaultWaitMs: number, maxWaitMs: number): Preference {
  const wishes = (header ?? '').split(',').map((wish) => wish.trim().toLowerCase());
  const wait = wishes.map((wish) => /^wait\s*=\s*"?(\d{1,9})"?$/.exec(wish)?.[1]).find((found) => found !== undefined);
  const applied = wishes.includes('respond-async') ? ['respond-async'] : [];
  if (wait === undefined) {
    return applied.length > 0 ? { waitMs: 0, applied: applied.join(', ') } : { waitMs: defaultWaitMs, applied: null };
  }
  const waitMs = Math.min(Number(wait) * 1000, maxWaitMs);
  return { waitMs, applied: [...applied, `wait=${waitMs / 1000}`].join(', ') };
}
