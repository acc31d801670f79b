import { endWithSession, settledBySession } from '../../domain/mirror/mirror-write.ts';
import type { MirrorWrite } from '../../domain/mirror/mirror-write.ts';
import { reasonOf } from './session-views.ts';
import type { QueuedMessage, SessionState } from './session-state.ts';

/** Returns the mirror's writes for messages that the ended session did not carry out: none is silent. */
export function reportDropped(state: SessionState, now: string): MirrorWrite[] {
  const reason = reasonOf(state) ?? 'the session ended';
  const running = state.current === null ? [] : report(state, state.current, endWithSession(true, reason), now);
  return [...running, ...state.queue.flatMap((message) => report(state, message, endWithSession(false, reason), now))];
}

/** Returns the mirror's writes for messages that were refused. */
export function reportRefused(state: SessionState, now: string): MirrorWrite[] {
  return state.refused.flatMap((message) =>
    report(state, message, { outcome: 'failed', failure: message.failure }, now),
  );
}

/** The message itself, in case nobody mirrored it yet, then its end. */
function report(
  state: SessionState,
  message: QueuedMessage,
  end: ReturnType<typeof endWithSession>,
  now: string,
): MirrorWrite[] {
  const { message_id, content, context, accepted_at } = message;
  const settled = settledBySession(state, message_id, end, now);
  if (content === null) return [settled];
  const { session_id } = state;
  return [{ type: 'queued', session_id, timestamp: accepted_at, message: { message_id, content, context } }, settled];
}
