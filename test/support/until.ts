import { inspect } from 'node:util';
import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MS = 20;

/**
 * Looks until `look` returns something other than `undefined`, `null` or `false`, and returns that. Throws after `limitMs`
 * milliseconds (20,000 by default) with `what` was awaited and what was last seen. An error that `look` throws counts as
 * "not yet" and is reported as what was last seen.
 */
export async function until<T>(
  what: string,
  look: () => T | Promise<T>,
  { limitMs = 20_000, seen }: { limitMs?: number; seen?: () => unknown } = {},
): Promise<Exclude<T, undefined | null | false>> {
  const end = performance.now() + limitMs;
  for (;;) {
    let last: unknown;
    try {
      const found = await look();
      if (found !== undefined && found !== null && found !== false)
        return found as Exclude<T, undefined | null | false>;
      last = found;
    } catch (error) {
      last = error;
    }
    if (performance.now() >= end) {
      const shown = inspect(seen === undefined ? last : seen(), { depth: 4, breakLength: 120 });
      throw new Error(`Not within ${limitMs} ms: ${what}. Last seen: ${shown}`);
    }
    await sleep(POLL_MS);
  }
}
