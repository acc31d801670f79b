import { randomUUID } from 'node:crypto';
import { storeBody } from '../../../db/queries/bodies.ts';
import { claimKey, findKeyed } from '../../../db/queries/idempotency.ts';
import { errors } from '../../../domain/errors.ts';
import type { MessageState, SendMessage } from '../../../domain/service-data.ts';
import { takesMessages } from '../../../domain/session/session.ts';
import type { AgentMessage } from '../../../domain/session/turn.ts';
import type { SessionService } from '../service.ts';
import type { ServiceContext } from '../context.ts';
import { correctEnded, isNotRunning } from '../sessions/correct-ended.ts';
import { bodyHash, idOfNames } from './message-ids.ts';

/** Two events of the history hold a body, so a run of a hundred messages stays below 4 MiB. */
const MAX_SIGNAL_BYTES = 16 * 1024;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Hands a message to its session's workflow: once this resolves it is carried out once, or reported. */
export function makeSubmitMessage(context: ServiceContext): SessionService['submit'] {
  /** Messages on their way that the mirror does not count yet. */
  const underway = new Map<string, number>();

  return async function submit(caller, sessionId, input) {
    const session = context.visible(caller, 'change_session', sessionId);
    const body = checkedBody(input);
    const claim = claimOf(sessionId, input, bodyHash(body));
    const known = claim === null ? null : findKeyed(context.db, claim);
    const message_id = known?.message_id ?? claim?.message_id ?? randomUUID();
    const state = claim === null ? null : context.messages.state(sessionId, message_id);
    if (state !== null) return state;
    if (known === null) refuseTakenId(context, input);
    if (!takesMessages(session.status)) throw errors.sessionNotActive(sessionId);
    if (session.queued + (underway.get(sessionId) ?? 0) >= context.limits.queueDepth) throw errors.queueFull(sessionId);

    const owned = claim === null ? { message_id } : claimKey(context.db, { ...claim, message_id });
    underway.set(sessionId, (underway.get(sessionId) ?? 0) + 1);
    try {
      return await deliver(context, sessionId, { message_id: owned.message_id, ...body });
    } catch (error) {
      if (!isNotRunning(error)) throw error;
      // Its workflow was stopped by an operator, or deleted: only this call has noticed. A session that nobody has seen active is
      // still being started by another call.
      if (session.version > 0) await correctEnded(context, sessionId);
      throw errors.sessionNotActive(sessionId);
    } finally {
      const left = (underway.get(sessionId) ?? 1) - 1;
      if (left > 0) underway.set(sessionId, left);
      if (left <= 0) underway.delete(sessionId);
    }
  };
}

function checkedBody({ message, context, message_id }: SendMessage): {
  content: string;
  context?: AgentMessage['context'];
} {
  if (message.trim() === '') throw errors.invalidRequest('message: must not be empty');
  if (message_id !== undefined && !UUID.test(message_id)) {
    throw errors.invalidRequest(`message_id: "${message_id.slice(0, 64)}" is not a UUID`);
  }
  return { content: message, ...(context === undefined ? {} : { context }) };
}

/** What makes a repetition of this call the same message; null where the caller brings nothing of the kind. */
function claimOf(
  session_id: string,
  { idempotency_key, message_id }: SendMessage,
  body_hash: string,
): { session_id: string; key: string; body_hash: string; message_id: string } | null {
  if (idempotency_key !== null) {
    const id = message_id?.toLowerCase() ?? idOfNames('message', session_id, idempotency_key);
    return { session_id, key: idempotency_key, body_hash, message_id: id };
  }
  if (message_id === undefined) return null;
  // A key has no blank in it, so that the two kinds never meet.
  return { session_id, key: `message ${message_id.toLowerCase()}`, body_hash, message_id: message_id.toLowerCase() };
}

/** Message ids are unique in the system, not only in their session. */
function refuseTakenId(context: ServiceContext, { message_id }: SendMessage): void {
  if (message_id === undefined || context.messages.ownerOf(message_id.toLowerCase()) === null) return;
  throw errors.invalidRequest(`message_id: "${message_id}" is already in use: send a new UUID`);
}

async function deliver(context: ServiceContext, session_id: string, message: AgentMessage): Promise<MessageState> {
  const { message_id } = message;
  if (Buffer.byteLength(JSON.stringify(message)) > MAX_SIGNAL_BYTES) {
    storeBody(context.db, session_id, message);
    await context.workflows.submitStored(session_id, message_id);
  } else {
    await context.workflows.submit(session_id, message);
  }
  const timestamp = new Date().toISOString();
  try {
    await context.mirror.write([{ type: 'queued', session_id, timestamp, message }]);
  } catch (error) {
    // The workflow has it: failing here would make callers send it again. The gateway's `accepted` brings the row.
    context.logger.error({ err: error, session_id, message_id }, 'message is accepted and not mirrored yet');
  }
  return context.messages.state(session_id, message_id) ?? { message_id, session_id, status: 'queued', timestamp };
}
