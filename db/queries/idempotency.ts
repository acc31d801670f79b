import { and, eq } from 'drizzle-orm';
import { errors } from '../../domain/errors.ts';
import type { Database } from '../file/open.ts';
import { idempotencyKeys, routedMessages } from '../schema/acceptance.ts';

export type KeyedMessage = typeof idempotencyKeys.$inferSelect;
export type RoutedMessage = typeof routedMessages.$inferSelect;

/** The message that a key of a session stands for, or null. Throws `IDEMPOTENCY_MISMATCH` for another body. */
export function findKeyed(db: Database, asked: Omit<KeyedMessage, 'message_id'>): KeyedMessage | null {
  const { session_id, key, body_hash } = asked;
  const found = db
    .select()
    .from(idempotencyKeys)
    .where(and(eq(idempotencyKeys.session_id, session_id), eq(idempotencyKeys.key, key)))
    .get();
  if (found !== undefined && found.body_hash !== body_hash) throw errors.idempotencyMismatch(key);
  return found ?? null;
}

/** Makes a key stand for a message, for ever; the first call wins and every call gets its message. */
export function claimKey(db: Database, claim: KeyedMessage): KeyedMessage {
  db.insert(idempotencyKeys).values(claim).onConflictDoNothing().run();
  return findKeyed(db, claim) ?? claim;
}

/** Where a routed message went, or null. Throws `IDEMPOTENCY_MISMATCH` for another body. */
export function findRouted(
  db: Database,
  asked: Pick<RoutedMessage, 'user_id' | 'channel' | 'key' | 'body_hash'>,
): RoutedMessage | null {
  const found = db.select().from(routedMessages).where(ofKey(asked)).get();
  if (found !== undefined && found.body_hash !== asked.body_hash) throw errors.idempotencyMismatch(asked.key);
  return found ?? null;
}

/** Notes where a routed message goes; the first call wins and every call gets its place. */
export function claimRoute(db: Database, claim: RoutedMessage): RoutedMessage {
  db.insert(routedMessages).values(claim).onConflictDoNothing().run();
  return findRouted(db, claim) ?? claim;
}

/** Sends a routed message that was never accepted to another session. */
export function reroute(db: Database, route: RoutedMessage, sessionId: string): RoutedMessage {
  db.update(routedMessages).set({ session_id: sessionId }).where(ofKey(route)).run();
  return { ...route, session_id: sessionId };
}

function ofKey({ user_id, channel, key }: Pick<RoutedMessage, 'user_id' | 'channel' | 'key'>): ReturnType<typeof and> {
  return and(eq(routedMessages.user_id, user_id), eq(routedMessages.channel, channel), eq(routedMessages.key, key));
}
