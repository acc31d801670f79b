import { and, eq } from 'drizzle-orm';
import { XswarmError } from '../../domain/errors.ts';
import type { AgentMessage } from '../../domain/session/turn.ts';
import type { Database } from '../file/open.ts';
import { messageBodies } from '../schema/acceptance.ts';
import { messages } from '../schema/conversations.ts';

/** Stores the body of a message that is too large for a signal; storing it again changes nothing. */
export function storeBody(db: Database, sessionId: string, message: AgentMessage): void {
  const { message_id, content, context } = message;
  db.insert(messageBodies)
    .values({ message_id, session_id: sessionId, content, context, bytes: Buffer.byteLength(content) })
    .onConflictDoNothing()
    .run();
}

/** The body of a message: as it was stored, or from the mirror once it is there. Throws `MESSAGE_BODY_LOST`. */
export function readBody(db: Database, messageId: string): AgentMessage {
  const stored =
    db.select().from(messageBodies).where(eq(messageBodies.message_id, messageId)).get() ?? mirrored(db, messageId);
  if (stored === undefined) throw new XswarmError('MESSAGE_BODY_LOST', `Message body lost: ${messageId}`);
  return {
    message_id: messageId,
    content: stored.content,
    ...(stored.context === null ? {} : { context: stored.context }),
  };
}

function mirrored(
  db: Database,
  messageId: string,
): Pick<typeof messageBodies.$inferSelect, 'content' | 'context'> | undefined {
  return db
    .select({ content: messages.message, context: messages.context })
    .from(messages)
    .where(and(eq(messages.id, messageId), eq(messages.direction, 'to_claude')))
    .get();
}
