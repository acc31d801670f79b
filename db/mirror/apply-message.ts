import type { AgentMessage, MessageStatus } from '../../domain/session/turn.ts';
import { isoTime } from './iso-time.ts';
import { appendEvent } from './batch.ts';
import type { Batch } from './batch.ts';
import type { SessionState } from './statements.ts';

/** Notes that a message waits; one that is known already stays as it is. */
export function applyQueued(batch: Batch, session: SessionState, message: AgentMessage, timestamp: string): void {
  if (batch.statements.message.get(message.message_id) === undefined) {
    insertQuestion(batch, session, message, isoTime(timestamp, batch.now), 'queued');
  }
}

/** Notes that the gateway has the message; one whose turn is settled stays settled. */
export function applyAccepted(batch: Batch, session: SessionState, message: AgentMessage, timestamp: string): void {
  const at = isoTime(timestamp, batch.now);
  const known = batch.statements.message.get(message.message_id);
  if (known === undefined) {
    const key = insertQuestion(batch, session, message, at, 'sent');
    appendEvent(batch, session, { type: 'sent', timestamp: at, message_id: message.message_id }, key);
    return;
  }
  if (known.session_key !== session.key || known.status !== 'queued') return;
  moveMessage(batch, session, known, 'sent');
  appendEvent(batch, session, { type: 'sent', timestamp: at, message_id: message.message_id }, known.key);
}

/** Changes where a message is, and the session's counts of those that wait and run. */
export function moveMessage(
  batch: Batch,
  session: SessionState,
  message: { key: number; status: MessageStatus },
  status: MessageStatus,
): void {
  if (message.status === status) return;
  count(session, message.status, -1);
  count(session, status, 1);
  batch.statements.setMessageStatus.run(status, message.key);
}

function insertQuestion(
  batch: Batch,
  session: SessionState,
  message: AgentMessage,
  timestamp: string,
  status: MessageStatus,
): number {
  // The answer may have been mirrored first.
  const settled = batch.statements.outcome.get({ id: message.message_id, session_key: session.key });
  const key = batch.takeKey(message.message_id, timestamp);
  batch.statements.insertQuestion.run({
    id: message.message_id,
    session_id: session.id,
    message: message.content,
    timestamp,
    status: settled ?? status,
    context: message.context === undefined ? null : JSON.stringify(message.context),
    key,
    session_key: session.key,
  });
  session.message_count += 1;
  count(session, settled ?? status, 1);
  const { message_id, content } = message;
  appendEvent(batch, session, { type: 'queued', timestamp, message_id, content }, key);
  return key;
}

function count(session: SessionState, status: MessageStatus, by: 1 | -1): void {
  if (status === 'queued') session.queued += by;
  // A turn that waits for a person still runs: its session is not quiet.
  if (status === 'sent' || status === 'waiting') session.running += by;
}
