import type { MirrorWrite } from '../domain/mirror-write.ts';
import type { Failure } from '../domain/session.ts';
import type { TurnOutcome } from '../domain/turn.ts';
import type { QueuedMessage, SessionState } from './session-state.ts';

/** What the mirror is told of messages that the ended session did not carry out: none is silent. */
export function reportDropped(state: SessionState, now: string): MirrorWrite[] {
  const reason = state.reason ?? 'the session ended';
  const notSent: Failure = { code: 'SESSION_NOT_ACTIVE', message: `Not sent: ${reason}` };
  const cut: Failure = { code: 'TURN_UNKNOWN', message: `the session ended before the outcome was known (${reason})` };
  const running = state.current === null ? [] : report(state, state.current, 'unknown', cut, now);
  return [...running, ...state.queue.flatMap((message) => report(state, message, 'failed', notSent, now))];
}

/** What the mirror is told of messages that were refused. */
export function reportRefused(state: SessionState, now: string): MirrorWrite[] {
  return state.refused.flatMap((message) => report(state, message, 'failed', message.failure, now));
}

/** The message itself, in case nobody mirrored it yet, then its end. */
function report(
  state: SessionState,
  message: QueuedMessage,
  outcome: TurnOutcome,
  failure: Failure,
  now: string,
): MirrorWrite[] {
  const end = settled(state, message.message_id, outcome, failure, now);
  if (message.content === null) return [end];
  const { message_id, content, context, accepted_at } = message;
  return [
    { type: 'queued', session_id: state.session_id, timestamp: accepted_at, message: { message_id, content, context } },
    end,
  ];
}

function settled(
  state: SessionState,
  messageId: string,
  outcome: TurnOutcome,
  failure: Failure,
  now: string,
): MirrorWrite {
  return {
    type: 'settled',
    session_id: state.session_id,
    turn: {
      turn_id: `${messageId}:${outcome}`,
      message_id: messageId,
      outcome,
      content: '',
      failure,
      cost_nano: outcome === 'failed' ? 0 : null,
      usage: [],
      agent: state.agent ?? 'peer',
      simulated: state.simulated,
      started_at: now,
      finished_at: now,
    },
  };
}
