import { admitRunning, admittedBefore, giveBack, isAdmitted } from '../../db/queries/admissions.ts';
import { makeSessionQueries } from '../../db/queries/sessions.ts';
import { makeShowCost } from '../../db/show-cost.ts';
import { hasEnded } from '../../domain/session.ts';
import { LOST_SESSION } from '../mirror/lost-words.ts';
import type { SessionServiceDeps } from './context.ts';
import { endedSnapshot } from './own-snapshot.ts';

export interface Reconciled {
  /** Places given back because no workflow runs for them. */
  given_back: string[];
  /** Sessions that run and had no place. */
  admitted: string[];
}

/**
 * Makes the places under `max_sessions` agree with Temporal. Only places taken before `takenBefore` are given back: at
 * start those of earlier processes, then each minute those older than a minute; a younger one may belong to a session
 * that is just being started. Throws `UNAVAILABLE`.
 */
export async function reconcileAdmissions(
  deps: Pick<SessionServiceDeps, 'db' | 'mirror' | 'workflows'>,
  takenBefore: Date,
): Promise<Reconciled> {
  const { db, workflows } = deps;
  const sessions = makeSessionQueries(db, makeShowCost(true));
  const given_back: string[] = [];
  for (const { session_id } of admittedBefore(db, takenBefore.toISOString())) {
    if ((await workflows.describe(session_id)) === 'running') continue;
    giveBack(db, session_id);
    given_back.push(session_id);
    await showEnded(session_id);
  }

  const admitted: string[] = [];
  for (const id of await workflows.listRunning()) {
    const session = sessions.find(id);
    if (session === null || hasEnded(session.status) || isAdmitted(db, id)) continue;
    if ((await workflows.describe(id)) !== 'running') continue;
    admitRunning(db, { session_id: id, user_id: session.user_id, project_path: session.project_path });
    admitted.push(id);
  }
  return { given_back, admitted };

  /** Nothing runs, so nobody else will tell the mirror that the session has ended. */
  async function showEnded(sessionId: string): Promise<void> {
    const session = sessions.find(sessionId);
    if (session === null || hasEnded(session.status)) return;
    const end = { status: 'error', reason: LOST_SESSION.message, failure: LOST_SESSION } as const;
    await deps.mirror.write([{ type: 'session', snapshot: endedSnapshot(session, end, new Date().toISOString()) }]);
  }
}
