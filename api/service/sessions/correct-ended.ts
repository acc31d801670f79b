import { giveBack } from '../../../db/queries/admissions.ts';
import { makeMessageQueries } from '../../../db/queries/messages.ts';
import { makeSessionQueries } from '../../../db/queries/sessions.ts';
import { endWithSession, settledBySession } from '../../../domain/mirror/mirror-write.ts';
import { XswarmError } from '../../../domain/errors.ts';
import { hasEnded } from '../../../domain/session/session.ts';
import { makeShowCost } from '../../../db/queries/show-cost.ts';
import { LOST_SESSION } from '../../mirror/lost-words.ts';
import type { ServiceContext } from '../context.ts';
import { endedSnapshot } from './own-snapshot.ts';

/** Why a session has ended whose workflow was terminated, cancelled by force, or failed. */
const STOPPED_IN_TEMPORAL = 'Stopped in Temporal';

/**
 * Writes into the mirror that a session has ended whose workflow did not end by itself, so that nobody else will: its waiting
 * messages fail, and the one that ran has an unknown outcome. Returns whether that was so. A session that Temporal does not know
 * is in `error`, and a start continues it; where a caller asked for its end, that is its end and `asked` the reason.
 */
export async function correctEnded(
  context: Pick<ServiceContext, 'db' | 'mirror' | 'workflows'>,
  sessionId: string,
  asked?: string,
): Promise<boolean> {
  const status = await context.workflows.describe(sessionId);
  if (status === 'running') return false;
  const showCost = makeShowCost(true);
  const session = makeSessionQueries(context.db, showCost).find(sessionId);
  // A workflow that ends by itself tells the mirror first.
  if (session === null || hasEnded(session.status)) return true;
  const reason = status === 'failed' ? STOPPED_IN_TEMPORAL : asked;
  const end =
    reason === undefined
      ? ({ status: 'error', reason: LOST_SESSION.message, failure: LOST_SESSION } as const)
      : ({ status: 'disconnected', reason, failure: null } as const);
  const now = new Date().toISOString();
  const snapshot = endedSnapshot(session, end, now);
  const unsettled = makeMessageQueries(context.db, showCost).unsettled(sessionId);
  await context.mirror.write([
    ...unsettled.map(({ id, status: where }) =>
      settledBySession(snapshot, id, endWithSession(where !== 'queued', end.reason), now),
    ),
    { type: 'session', snapshot },
  ]);
  giveBack(context.db, sessionId);
  return true;
}

/** Whether a call to a workflow failed because it does not run. */
export function isNotRunning(error: unknown): boolean {
  return error instanceof XswarmError && (error.code === 'SESSION_NOT_ACTIVE' || error.code === 'SESSION_NOT_FOUND');
}
