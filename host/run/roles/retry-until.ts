import { setTimeout as delay } from 'node:timers/promises';

/** A call to repeat. */
export interface Retry {
  signal: AbortSignal;
  everyMs: number;
  /** Whether another try may succeed (default: always); an error of another kind is thrown. */
  isTransient?: (error: Error) => boolean;
  /** Receives each failure whose message differs from the one before. */
  onFailure: (error: Error) => void;
}

/** Repeats `attempt` until it succeeds or `signal` aborts (then it throws the abort's reason). */
export async function retryUntil<T>(attempt: () => Promise<T>, options: Retry): Promise<T> {
  const { signal, everyMs, isTransient = () => true, onFailure } = options;
  let reported = '';
  for (;;) {
    signal.throwIfAborted();
    try {
      return await attempt();
    } catch (error) {
      const failure = error instanceof Error ? error : new Error(String(error));
      if (!isTransient(failure)) throw failure;
      if (failure.message !== reported) onFailure(failure);
      reported = failure.message;
    }
    await delay(everyMs, undefined, { signal });
  }
}
