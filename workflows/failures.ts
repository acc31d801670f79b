import { ActivityFailure, ApplicationFailure, TimeoutFailure } from '@temporalio/common';
import type { Failure } from '../domain/session/session.ts';

/** The type of the failure that an activity ended with; null when `error` is none, that is: a bug. */
export function failureType(error: unknown): string | null {
  const cause = causeOf(error);
  if (cause === null) return null;
  if (cause instanceof ApplicationFailure) return cause.type ?? 'UNAVAILABLE';
  return cause instanceof TimeoutFailure ? 'AGENT_UNREACHABLE' : 'UNAVAILABLE';
}

/** What a session in `error` tells people about the failed activity. */
export function failureOf(error: unknown): Failure {
  const code = failureType(error) ?? 'INTERNAL';
  const cause = causeOf(error);
  if (code === 'CONVERSATION_GONE') return { code: 'SESSION_NOT_RESUMABLE', message: cause?.message ?? '' };
  if (cause instanceof ApplicationFailure && cause.message) return { code, message: cause.message };
  return { code, message: 'Failed to connect to Claude Code WebSocket' };
}

/**
 * Whether a connect ran out of time because no worker spoke for it: Temporal, the workers or the machine were away, not the
 * agent. A worker that is there gives its last try up before the time is over, and that is a failure of another kind.
 */
export function isWorkerAway(error: unknown): boolean {
  const cause = causeOf(error);
  return cause instanceof TimeoutFailure && cause.timeoutType === 'SCHEDULE_TO_CLOSE';
}

/** A local activity fails with the failure itself, a remote one wraps it. */
function causeOf(error: unknown): Error | null {
  if (error instanceof ApplicationFailure || error instanceof TimeoutFailure) return error;
  if (error instanceof ActivityFailure) return error.cause ?? error;
  return null;
}
