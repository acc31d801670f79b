import { setTimeout as delay } from 'node:timers/promises';

/** Tries until it goes well or `signal` aborts (then it throws the abort's reason); tells each failure once it is new. */
export async function retryUntil<T>(
  attempt: () => Promise<T>,
  options: { signal: AbortSignal; everyMs: number; onFailure: (error: Error) => void },
): Promise<T> {
  let told = '';
  for (;;) {
    options.signal.throwIfAborted();
    try {
      return await attempt();
    } catch (error) {
      const failure = error instanceof Error ? error : new Error(String(error));
      if (failure.message !== told) options.onFailure(failure);
      told = failure.message;
    }
    await delay(options.everyMs, undefined, { signal: options.signal });
  }
}
