import { admitRunning, admittedBefore, giveBack, isAdmitted } from '../../../db/queries/admissions.ts';
import { makeSessionQueries } from '../../../db/queries/sessions.ts';
import { makeShowCost } from '../../../db/queries/show-cost.ts';
import { hasEnded } from '../../../domain/session/session.ts';
import type { SessionServiceDeps } from '../context.ts';
import { correctEnded } from './correct-ended.ts';

export interface Reconciled {
  /** Places given back because no workflow runs for them. */
  given_back: string[];
  /** Sessions that run and had no place. */
  admitted: string[];
}

/** Questions to Temporal at one time. */
const ASKED_AT_ONCE = 20;

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
  // One listing for all; only what is not in it is asked for singly, since the listing may lag by a second.
  const running = new Set(await workflows.listRunning());
  const given_back: string[] = [];
  const unlisted = admittedBefore(db, takenBefore.toISOString()).filter(({ session_id }) => !running.has(session_id));
  await sideBySide(unlisted, async ({ session_id }) => {
    // The mirror first: a place that was given back is not looked at again.
    if (!(await correctEnded(deps, session_id))) return;
    giveBack(db, session_id);
    given_back.push(session_id);
  });

  const admitted: string[] = [];
  await sideBySide([...running], async (id) => {
    if (isAdmitted(db, id)) return;
    const session = sessions.find(id);
    if (session === null || hasEnded(session.status) || (await workflows.describe(id)) !== 'running') return;
    admitRunning(db, { session_id: id, user_id: session.user_id, project_path: session.project_path });
    admitted.push(id);
  });
  return { given_back, admitted };
}

async function sideBySide<T>(items: T[], work: (item: T) => Promise<void>): Promise<void> {
  // All take from one iterator, so that a slow answer delays no other.
  const next = items.values();
  const takeNext = async (): Promise<void> => {
    for (const item of next) await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(ASKED_AT_ONCE, items.length) }, takeNext));
}
