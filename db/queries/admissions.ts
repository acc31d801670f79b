import { count, eq, lt } from 'drizzle-orm';
import { errors } from '../../domain/errors.ts';
import type { Database } from '../file/open.ts';
import { admissions } from '../schema/acceptance.ts';

export interface Admission {
  session_id: string;
  user_id: string;
  project_path: string;
}

export interface SessionLimits {
  maxSessions: number;
  maxSessionsPerUser: number;
}

/**
 * Takes a place for a session, in one transaction that counts and reserves. Asked again it changes nothing.
 * Throws `MAX_SESSIONS` where no place is left, `SESSION_EXISTS` where the id is another user's or project's.
 */
export function admit(db: Database, admission: Admission, limits: SessionLimits): void {
  db.transaction(
    () => {
      const { session_id, user_id, project_path } = admission;
      const held = db.select().from(admissions).where(eq(admissions.session_id, session_id)).get();
      if (held?.user_id === user_id && held.project_path === project_path) return;
      if (held !== undefined) throw errors.sessionExists(session_id);
      const all = db.select({ taken: count() }).from(admissions).get()?.taken ?? 0;
      if (all >= limits.maxSessions) throw errors.maxSessions(limits.maxSessions);
      const own =
        db.select({ taken: count() }).from(admissions).where(eq(admissions.user_id, user_id)).get()?.taken ?? 0;
      if (own >= limits.maxSessionsPerUser) throw errors.maxSessions(limits.maxSessionsPerUser);
      db.insert(admissions).values({ session_id, user_id, project_path, created_at: new Date().toISOString() }).run();
    },
    { behavior: 'immediate' },
  );
}

/** Takes a place whatever the limits say: for a session that runs already. */
export function admitRunning(db: Database, admission: Admission): void {
  db.insert(admissions)
    .values({ ...admission, created_at: new Date().toISOString() })
    .onConflictDoNothing()
    .run();
}

/** Gives a place back; one that is not taken is left alone. */
export function giveBack(db: Database, sessionId: string): void {
  db.delete(admissions).where(eq(admissions.session_id, sessionId)).run();
}

/** The places taken before a time (ISO). */
export function admittedBefore(db: Database, time: string): Admission[] {
  return db.select().from(admissions).where(lt(admissions.created_at, time)).all();
}

/** Whether the session has a place. */
export function isAdmitted(db: Database, sessionId: string): boolean {
  const found = db
    .select({ id: admissions.session_id })
    .from(admissions)
    .where(eq(admissions.session_id, sessionId))
    .get();
  return found !== undefined;
}
