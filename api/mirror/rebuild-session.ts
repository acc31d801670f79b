import { setTimeout as delay } from 'node:timers/promises';
import type { MirrorRowQueries } from '../../db/queries/mirror-rows.ts';
import type { JournalSession } from '../../domain/session/session-record.ts';
import { planSession } from './plan-session.ts';
import type { Plan } from './plan-session.ts';
import { readSources } from './sources.ts';
import type { MirrorDeps } from './sources.ts';

const TRIES = 10;
const AGAIN_MS = 200;

/** Why a session's rows were left; null where they were rebuilt. */
export type Kept = string | null;

/**
 * Rebuilds a session's rows from Temporal and the journal, in one transaction. Rows that could not be made again stay as
 * they are, and the session's own row is brought up to date. Throws `UNAVAILABLE`.
 */
export async function rebuildSession(
  deps: MirrorDeps & { rows: MirrorRowQueries },
  sessionId: string,
  journal: JournalSession | null,
): Promise<Kept> {
  let kept: Kept = null;
  await deps.mirror.rebuild(sessionId, async () => {
    const plan = await gather(deps, sessionId, journal);
    if (plan === null) {
      kept = 'Temporal and the journal do not know it';
      return null;
    }
    if (plan.unprovable === null || deps.rows.session(sessionId) === null) return plan.writes;
    kept = plan.unprovable;
    await deps.mirror.write([{ type: 'session', snapshot: plan.final }]);
    return null;
  });
  return kept;
}

/** Gathers until what the workflow says is not older than what it has had written. */
async function gather(
  deps: MirrorDeps & { rows: MirrorRowQueries },
  sessionId: string,
  journal: JournalSession | null,
): Promise<Plan | null> {
  for (let tries = 1; ; tries += 1) {
    const sources = await readSources(deps, sessionId, journal);
    if (sources.record === null && sources.events.length === 0) return null;
    const rows = deps.rows.rows(sessionId);
    const plan = planSession(deps, sources, rows, { ahead: true });
    const isBehind = sources.record?.ended === false && (rows?.session.version ?? 0) > plan.final.version;
    if (!isBehind || tries === TRIES) return plan;
    await delay(AGAIN_MS);
  }
}
