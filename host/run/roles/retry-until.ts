import { setTimeout as delay } from 'node:timers/promises';

/** Repeats `attempt` until it succeeds or `signal` aborts (then it throws the abort's reason); reports each new failure once. */
export async function retryUntil<T>(
  attempt: () => Promise<T>,
  options: { signal: AbortSignal; everyMs: number; onFailure: (error: Error) => void },
): Promise<T> {
  let reported = '';
  for (;;) {
    options.signal.throwIfAborted();
    try {
      return await attempt();
    } catch (error) {
      const failure = error instanceof Error ? error : new Error(String(error));
      if (failure.message !== reported) options.onFailure(failure);
      reported = failure.message;
    }
    await delay(options.everyMs, undefined, { signal: options.signal });
  }
}
