import { ActivityFailure, ApplicationFailure, decodeTimeoutType, TimeoutFailure } from '@temporalio/common';
import type { Failure } from '../domain/session.ts';

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
  if (cause instanceof ApplicationFailure && cause.message) return { code, message: cause.message };
  return { code, message: 'Failed to connect to Claude Code WebSocket' };
}

/** Whether an activity ran out of time because no worker spoke for it: Temporal or the workers were away, not the agent. */
export function isWorkerAway(error: unknown): boolean {
  const cause = causeOf(error);
  if (!(cause instanceof TimeoutFailure) || cause.timeoutType !== 'SCHEDULE_TO_CLOSE') return false;
  // The SDK leaves out the cause of a time-out; what it was made of has it: how the last attempt ended.
  const last = cause.failure?.cause?.timeoutFailureInfo;
  return last !== undefined && last !== null && decodeTimeoutType(last.timeoutType) === 'HEARTBEAT';
}

/** A local activity fails with the failure itself, a remote one wraps it. */
function causeOf(error: unknown): Error | null {
  if (error instanceof ApplicationFailure || error instanceof TimeoutFailure) return error;
  if (error instanceof ActivityFailure) return error.cause ?? error;
  return null;
}
