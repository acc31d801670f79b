import type { Failure } from '../../domain/session/session.ts';

/** How a turn ends that somebody interrupted. */
export const INTERRUPTED: Failure = { code: 'INTERRUPTED', message: 'The turn was interrupted' };

/** How a turn ends whose session was closed before it was over. */
export function sessionClosed(reason: string): Failure {
  return { code: 'SESSION_CLOSED', message: `The session was closed before the turn was over: ${reason}` };
}

/** How a turn ends whose agent showed no sign of work for so long. */
export function turnStalled(ms: number): Failure {
  const signs = 'no output, no processor time, no running tool';
  return { code: 'TURN_STALLED', message: `The agent showed no sign of work for ${ms / 1000} s: ${signs}` };
}

/** How a turn ends that took longer than it may. */
export function turnTimedOut(ms: number): Failure {
  return { code: 'TURN_TIMED_OUT', message: `The turn took longer than its limit of ${ms / 1000} s` };
}
