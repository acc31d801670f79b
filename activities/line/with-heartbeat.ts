import { heartbeat } from '@temporalio/activity';

const HEARTBEAT_MS = 1_000;

/** Runs an activity's work while its worker says every second that it lives; `details` is what a retry goes on from. */
export async function withHeartbeat<T>(work: () => Promise<T>, details?: () => unknown): Promise<T> {
  const beat = setInterval(() => heartbeat(details?.()), HEARTBEAT_MS);
  try {
    return await work();
  } finally {
    clearInterval(beat);
  }
}
