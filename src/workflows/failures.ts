import { ActivityFailure, ApplicationFailure, TimeoutFailure } from '@temporalio/common';
import type { Failure } from '../domain/session.ts';

/** The type of the failure that an activity ended with; null when `error` is none, that is: a bug. */
export function failureType(error: unknown): string | null {
  if (!(error instanceof ActivityFailure)) return null;
  if (error.cause instanceof ApplicationFailure) return error.cause.type ?? 'UNAVAILABLE';
  if (error.cause instanceof TimeoutFailure) return 'AGENT_UNREACHABLE';
  return 'UNAVAILABLE';
}

/** What a session in `error` tells people about the failed activity. */
export function failureOf(error: unknown): Failure {
  const code = failureType(error) ?? 'INTERNAL';
  const cause = error instanceof ActivityFailure ? error.cause : undefined;
  if (cause instanceof ApplicationFailure && cause.message) return { code, message: cause.message };
  return { code, message: 'Failed to connect to Claude Code WebSocket' };
}
