import { XswarmError, errors } from '../../domain/errors.ts';
import { TURN_OUTCOMES } from '../../domain/session/turn.ts';
import type { Caller, MessageState, SessionService } from './service.ts';

/** What a done turn answers, at both doors. */
export interface TurnAnswer {
  message_id: string;
  /** Id of the response in the history. */
  response_id?: string;
  content: string;
  cost_usd: number | null;
  timestamp: string;
  simulated?: boolean;
}

/** Whether a message's turn has its outcome. */
export function isSettled(state: MessageState): boolean {
  return (TURN_OUTCOMES as readonly string[]).includes(state.status);
}

/**
 * Waits for the turn of an accepted message; when the time or the signal ends the wait, returns what is known then. With
 * `orPerson` the wait ends, too, where the session waits for a person.
 */
export async function waitForTurn(
  service: SessionService,
  caller: Caller,
  accepted: MessageState,
  waitMs: number,
  signal: AbortSignal,
  { orPerson = false }: { orPerson?: boolean } = {},
): Promise<MessageState> {
  if (waitMs === 0 || isSettled(accepted) || signal.aborted) return accepted;
  try {
    return await service.settled(caller, accepted.session_id, accepted.message_id, waitMs, signal, orPerson);
  } catch (error) {
    const reason: unknown = signal.reason;
    if (reason instanceof XswarmError && reason.code === 'UNAUTHENTICATED') throw reason;
    if (signal.aborted) return accepted;
    throw error;
  }
}

/**
 * The answer of a settled turn; throws `TURN_FAILED` or `TURN_UNKNOWN` for one that has none, and `SESSION_NOT_ACTIVE` for a
 * message that still waited when its session ended.
 */
export function turnAnswer(state: MessageState): TurnAnswer {
  const { message_id, session_id, content = '', cost_usd = null, timestamp, response_id, simulated } = state;
  const about = {
    message_id,
    ...(response_id === undefined ? {} : { response_id }),
    cost_usd,
    ...(simulated === undefined ? {} : { simulated }),
  };
  if (state.status === 'failed') {
    if (state.error?.code === 'SESSION_NOT_ACTIVE') throw errors.sessionNotActive(session_id, { message_id, cost_usd });
    throw errors.turnFailed(state.error?.message ?? 'The turn failed', about);
  }
  if (state.status === 'unknown') {
    const told = (state.error?.message ?? 'the turn was cut off').replace(/^Outcome unknown: /, '');
    throw errors.turnUnknown(told, { ...about, content });
  }
  return {
    message_id,
    ...(response_id === undefined ? {} : { response_id }),
    content,
    cost_usd,
    timestamp,
    ...(simulated === undefined ? {} : { simulated }),
  };
}
