import { and, count, desc, eq, inArray, notInArray } from 'drizzle-orm';
import type { Database } from '../file/open.ts';
import { sessions } from '../schema/conversations.ts';

/** How many sessions of the user have not ended; one that is in `error` has. */
export function countOpenSessions(db: Database, userId: string): number {
  const open = and(eq(sessions.user_id, userId), notInArray(sessions.status, ['disconnected', 'error']));
  return db.select({ open: count() }).from(sessions).where(open).get()?.open ?? 0;
}

/** The user's session that was created last among those that take messages; null where there is none. */
export function newestOpenSession(db: Database, userId: string): string | null {
  const open = and(eq(sessions.user_id, userId), inArray(sessions.status, ['connecting', 'active', 'idle']));
  const newest = db.select({ id: sessions.id }).from(sessions).where(open).orderBy(desc(sessions.key)).limit(1).get();
  return newest?.id ?? null;
}
