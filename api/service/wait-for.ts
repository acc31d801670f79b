import type { Bus } from '../../db/events/bus.ts';
import type { SessionEventBody } from '../../domain/session/event.ts';

export interface Wait<T> {
  sessionId: string;
  /** Looks; null means not yet. */
  look(): T | null;
  /** The events after which to look again. */
  events: SessionEventBody['type'][];
  timeoutMs: number;
  signal?: AbortSignal;
}

/** Waits until `look` finds something, woken by the session's events; null when the time is over. Rejects on abort. */
export function waitFor<T>(bus: Bus, wait: Wait<T>): Promise<T | null> {
  return new Promise((resolve, reject) => {
    const { signal } = wait;
    const stop = bus.onSession(wait.sessionId, ({ frame }) => {
      if (frame.kind === 'event' && wait.events.includes(frame.event.type)) lookAgain();
    });
    const timer = setTimeout(() => end(() => resolve(null)), wait.timeoutMs);
    const abort = (): void => end(() => reject(toError(signal?.reason)));
    signal?.addEventListener('abort', abort);

    function lookAgain(): void {
      try {
        const found = wait.look();
        if (found !== null) end(() => resolve(found));
      } catch (error) {
        end(() => reject(toError(error)));
      }
    }

    function end(settle: () => void): void {
      stop();
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
      settle();
    }

    if (signal?.aborted === true) return abort();
    lookAgain();
  });
}

function toError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason));
}
