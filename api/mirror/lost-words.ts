import type { Failure } from '../../domain/session/session.ts';

/** Stands for the text of a message that was too large for Temporal and is in no file any more. */
export const LOST_BODY = '(the text of this message was in the lost database only)';

/** Why a session is in `error` that nobody ended: its workflow is gone or was stopped by an operator. */
export const LOST_SESSION: Failure = {
  code: 'UNAVAILABLE',
  message: 'The session was lost: no workflow runs for it',
};

/** Why a message that was carried out has no answer any more. */
export const LOST_ANSWER: Failure = {
  code: 'TURN_UNKNOWN',
  message: 'the answer was in the lost database only, since the agent keeps no journal; its cost is in the sum',
};
