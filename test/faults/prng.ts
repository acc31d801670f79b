/** Numbers that look random and are the same for the same seed. */
export interface Prng {
  /** In [0, 1). */
  next(): number;
  /** A whole number from `low` to `high`, both included. */
  whole(low: number, high: number): number;
  pick<T>(items: readonly T[]): T;
  chance(probability: number): boolean;
  /** Another one, so that what one user draws does not depend on how often another did. */
  fork(name: string): Prng;
}

/** Mulberry32: small, and good enough to choose who dies next. */
export function makePrng(seed: number): Prng {
  let state = seed >>> 0;
  const prng: Prng = {
    next() {
      state = (state + 0x6d2b79f5) >>> 0;
      let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
      mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
      return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
    },
    whole: (low, high) => low + Math.floor(prng.next() * (high - low + 1)),
    pick(items) {
      const item = items[prng.whole(0, items.length - 1)];
      if (item === undefined) throw new Error('Nothing to pick from');
      return item;
    },
    chance: (probability) => prng.next() < probability,
    fork(name) {
      const hash = [...name].reduce((sum, letter) => Math.imul(sum ^ letter.charCodeAt(0), 16_777_619), 0x811c9dc5);
      return makePrng((seed ^ hash) >>> 0);
    },
  };
  return prng;
}
