import { withdrawalOf } from '../../domain/control/interaction.ts';
import type { Interaction, InteractionEnd, ShownInteraction } from '../../domain/control/interaction.ts';
import { hasEnded } from '../../domain/session/session.ts';
import type { TurnResult } from '../../domain/session/turn.ts';
import { readInteraction } from '../queries/interactions.ts';
import type { InteractionRow } from '../queries/interactions.ts';
import { moveMessage } from './apply-message.ts';
import { appendEvent } from './batch.ts';
import type { Batch } from './batch.ts';
import type { SessionState } from './statements.ts';

/** Opens an interaction, once per id, and announces it; its message waits from here on. */
export function applyAsked(batch: Batch, session: SessionState, interaction: Interaction, timestamp: string): void {
  const { statements } = batch;
  if (statements.interaction.get(interaction.interaction_id) !== undefined) return;
  const number = statements.nextInteractionNumber.get(session.user_id) ?? 1;
  statements.insertInteraction.run({
    interaction_id: interaction.interaction_id,
    session_id: session.id,
    message_id: interaction.message_id,
    kind: interaction.kind,
    title: interaction.title,
    detail: JSON.stringify(interaction.detail),
    created_at: interaction.created_at,
    expires_at: interaction.expires_at,
    number,
  });
  moveTurn(batch, session, interaction.message_id, 'waiting');
  announce(batch, session, interaction.interaction_id, timestamp);
  // What was mirrored late may have ended meanwhile.
  if (hasEnded(session.status)) return withdrawOfSession(batch, session, timestamp);
  const answer = statements.outcome.get({ id: interaction.message_id ?? '', session_key: session.key });
  if (answer !== undefined)
    withdrawOfTurn(batch, session, { message_id: interaction.message_id, failure: null }, timestamp);
}

/**
 * Records how an interaction ended: the first end stays, except that an answer replaces a withdrawal. One that is not known
 * was never shown, and changes nothing.
 */
export function applyInteractionEnd(batch: Batch, session: SessionState, end: InteractionEnd): void {
  const { statements } = batch;
  const row = statements.interaction.get(end.interaction_id);
  if (row === undefined || row.session_id !== session.id) return;
  const isFirst = row.status === 'open' || (end.status === 'answered' && row.status !== 'answered');
  if (!isFirst) return;
  statements.endInteraction.run({
    interaction_id: end.interaction_id,
    status: end.status,
    answer: end.answer === null ? null : JSON.stringify(end.answer),
    answered_by: end.answered_by,
    answered_via: end.answered_via,
    settled_at: end.settled_at,
    withdrawn_reason: end.status === 'answered' ? null : end.withdrawn_reason,
  });
  const isWaiting = row.message_id !== null && statements.openOfMessage.get(session.id, row.message_id) !== undefined;
  if (!isWaiting) moveTurn(batch, session, row.message_id, 'sent');
  announce(batch, session, end.interaction_id, end.settled_at);
}

/** A turn that ended withdraws what it still asked. */
export function withdrawOfTurn(
  batch: Batch,
  session: SessionState,
  turn: Pick<TurnResult, 'message_id' | 'failure'>,
  timestamp: string,
): void {
  const { message_id } = turn;
  if (message_id === null) return;
  withdraw(batch, session, (row) => row.message_id === message_id, withdrawalOf(turn), timestamp);
}

/** A session that ended withdraws everything that it still asked. */
export function withdrawOfSession(batch: Batch, session: SessionState, timestamp: string): void {
  withdraw(batch, session, () => true, session.reason ?? 'The session ended', timestamp);
}

function withdraw(
  batch: Batch,
  session: SessionState,
  concerns: (row: InteractionRow) => boolean,
  withdrawn_reason: string,
  settled_at: string,
): void {
  for (const row of batch.statements.openInteractions.all(session.id).filter(concerns)) {
    const { interaction_id, message_id } = row;
    const nobody = { answer: null, answered_by: null, answered_via: null };
    const end = { interaction_id, message_id, status: 'withdrawn' as const, ...nobody, settled_at, withdrawn_reason };
    applyInteractionEnd(batch, session, end);
  }
}

/** Moves the message between running and waiting; one whose turn is settled stays as it is. */
function moveTurn(batch: Batch, session: SessionState, messageId: string | null, to: 'waiting' | 'sent'): void {
  if (messageId === null) return;
  const message = batch.statements.message.get(messageId);
  if (message === undefined || message.session_key !== session.key) return;
  if (message.status === 'sent' || message.status === 'waiting') moveMessage(batch, session, message, to);
}

function announce(batch: Batch, session: SessionState, interactionId: string, timestamp: string): void {
  const row = batch.statements.interaction.get(interactionId);
  if (row === undefined) return;
  const interaction: ShownInteraction = readInteraction(row);
  const { message_id } = interaction;
  const key = message_id === null ? null : (batch.statements.message.get(message_id)?.key ?? null);
  appendEvent(batch, session, { type: 'interaction', timestamp, message_id, interaction }, key);
}
