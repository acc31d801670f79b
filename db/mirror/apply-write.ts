import type { AgentEvent } from '../../domain/session/event.ts';
import type { MirrorWrite } from '../../domain/mirror/mirror-write.ts';
import { isoTime } from './iso-time.ts';
import { applyAsked, applyInteractionEnd } from './apply-interaction.ts';
import { applyAccepted, applyQueued } from './apply-message.ts';
import { applyResult } from './apply-result.ts';
import { applySession } from './apply-session.ts';
import { appendEvent, isFresh, touchSession } from './batch.ts';
import type { Batch } from './batch.ts';
import type { SessionState } from './statements.ts';

/** Applies one write; late and repeated ones change nothing. */
export function applyWrite(batch: Batch, write: MirrorWrite): void {
  if (write.type === 'session') return applySession(batch, write.snapshot);
  const session = touchSession(batch, write.session_id);
  if (write.type === 'queued') return applyQueued(batch, session, write.message, write.timestamp);
  if (write.type === 'interaction') return applyInteractionEnd(batch, session, write.end);
  if (write.type === 'settled') return applyResult(batch, session, write.turn, true);
  return applyAgentEvent(batch, session, write.seq, write.event);
}

/** Messages and turns are known by their own ids, so that they are booked once whatever their number is. */
function applyAgentEvent(batch: Batch, session: SessionState, seq: number, event: AgentEvent): void {
  const fresh = isFresh(batch, session, seq);
  if (event.type === 'accepted') {
    const { message_id, content, context } = event;
    return applyAccepted(batch, session, { message_id, content, context }, event.timestamp);
  }
  if (event.type === 'result') return applyResult(batch, session, event.turn, false);
  if (!fresh) return;
  if (event.type === 'interaction') {
    return applyAsked(batch, session, event.interaction, isoTime(event.timestamp, batch.now));
  }
  const timestamp = isoTime(event.timestamp, batch.now);
  appendEvent(batch, session, { ...event, timestamp }, messageKey(batch, session, event));
}

function messageKey(batch: Batch, session: SessionState, event: AgentEvent): number | null {
  if (!('message_id' in event) || event.message_id === null) return null;
  const message = batch.statements.message.get(event.message_id);
  return message?.session_key === session.key ? message.key : null;
}
