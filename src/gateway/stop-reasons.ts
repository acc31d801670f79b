import type { Failure } from '../domain/session.ts';

/** How a turn ends that somebody interrupted. */
export const INTERRUPTED: Failure = { code: 'INTERRUPTED', message: 'The turn was interrupted' };

/** How a turn ends whose session was closed before it was over. */
export function sessionClosed(reason: string): Failure {
  return { code: 'SESSION_CLOSED', message: `The session was closed before the turn was over: ${reason}` };
}
