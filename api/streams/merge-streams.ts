interface Offer<T> {
  item: T;
  taken: () => void;
}

/**
 * One stream out of several, each in its own order. A source is asked for its next item when its last one was taken, so
 * that a slow reader slows the sources. Ends when all have ended; throws what the first failing one throws.
 */
export async function* mergeStreams<T>(sources: readonly AsyncIterable<T>[]): AsyncGenerator<T> {
  const offers: Offer<T>[] = [];
  let open = sources.length;
  let failure: { error: unknown } | null = null;
  let stopped = false;
  let wake = (): void => undefined;

  const pump = async (source: AsyncIterable<T>): Promise<void> => {
    try {
      for await (const item of source) {
        if (stopped) return;
        await new Promise<void>((taken) => {
          offers.push({ item, taken });
          wake();
        });
      }
    } catch (error) {
      failure ??= { error };
    } finally {
      open -= 1;
      wake();
    }
  };
  const pumps = sources.map(pump);

  try {
    for (;;) {
      const offer = offers.shift();
      if (offer !== undefined) {
        yield offer.item;
        offer.taken();
        continue;
      }
      if (failure !== null) throw (failure as { error: unknown }).error;
      if (open === 0) return;
      await new Promise<void>((resolve) => (wake = resolve));
    }
  } finally {
    stopped = true;
    for (const offer of offers) offer.taken();
    void Promise.allSettled(pumps);
  }
}
