import { activityInfo, cancellationSignal } from '@temporalio/activity';
import { abortScope } from '../../domain/abort-scope.ts';
import { unreachable } from './connection-errors.ts';

/** Enough for a try to reach a busy worker, and for the word of its failure to be at the server before the time is over. */
const MARGIN_MS = 2_000;
/** A last try has so long to say what is wrong. */
const LEAST_MS = 1_000;

/**
 * Gives a try up when it is cancelled, and just before the time for all tries is over: only where no worker is there does it
 * then run out. Measured by the server's clock alone. Throws `AGENT_UNREACHABLE`, for good, without waiting for the work's end.
 */
export async function inTime<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const { scheduleToCloseTimeoutMs, scheduledTimestampMs, currentAttemptScheduledTimestampMs } = activityInfo();
  const leftMs = scheduleToCloseTimeoutMs - (currentAttemptScheduledTimestampMs - scheduledTimestampMs) - MARGIN_MS;
  const scope = abortScope([cancellationSignal()], Math.max(LEAST_MS, leftMs));
  const { signal } = scope;
  const over = new Promise<never>((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
  try {
    return await Promise.race([work(signal), over]);
  } catch (error) {
    if (scope.timedOut()) throw unreachable('the agent was not up in time', { retryable: false });
    throw error;
  } finally {
    scope.dispose();
  }
}
