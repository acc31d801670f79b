import { giveBack } from '../../db/queries/admissions.ts';
import { makeMessageQueries } from '../../db/queries/messages.ts';
import { makeSessionQueries } from '../../db/queries/sessions.ts';
import type { FoundSession } from '../../db/queries/sessions.ts';
import type { MirrorWrite } from '../../domain/mirror-write.ts';
import { XswarmError } from '../../domain/errors.ts';
import { hasEnded } from '../../domain/session.ts';
import { makeShowCost } from '../../db/show-cost.ts';
import type { MessageStatus } from '../../domain/turn.ts';
import { LOST_SESSION } from '../mirror/lost-words.ts';
import type { ServiceContext } from './context.ts';
import { endedSnapshot } from './own-snapshot.ts';

/** Why a session has ended whose workflow was terminated, cancelled by force, or failed. */
const STOPPED_IN_TEMPORAL = 'Stopped in Temporal';

/**
 * Writes into the mirror that a session has ended whose workflow did not end by itself, so that nobody else will: its waiting
 * messages fail, and the one that ran has an unknown outcome. Returns whether that was so. A session that Temporal does not know
 * is in `error`, and a start continues it.
 */
export async function correctEnded(
  context: Pick<ServiceContext, 'db' | 'mirror' | 'workflows'>,
  sessionId: string,
): Promise<boolean> {
  const status = await context.workflows.describe(sessionId);
  if (status === 'running') return false;
  const showCost = makeShowCost(true);
  const session = makeSessionQueries(context.db, showCost).find(sessionId);
  // A workflow that ends by itself tells the mirror first.
  if (session === null || hasEnded(session.status)) return true;
  const end =
    status === 'failed'
      ? ({ status: 'disconnected', reason: STOPPED_IN_TEMPORAL, failure: null } as const)
      : ({ status: 'error', reason: LOST_SESSION.message, failure: LOST_SESSION } as const);
  const now = new Date().toISOString();
  const unsettled = makeMessageQueries(context.db, showCost).unsettled(sessionId);
  await context.mirror.write([
    ...unsettled.map((message) => settledWrite(session, message, end.reason, now)),
    { type: 'session', snapshot: endedSnapshot(session, end, now) },
  ]);
  giveBack(context.db, sessionId);
  return true;
}

/** Whether a call to a workflow failed because it does not run. */
export function isNotRunning(error: unknown): boolean {
  return error instanceof XswarmError && (error.code === 'SESSION_NOT_ACTIVE' || error.code === 'SESSION_NOT_FOUND');
}

function settledWrite(
  session: FoundSession,
  { id, status }: { id: string; status: MessageStatus },
  reason: string,
  now: string,
): MirrorWrite {
  const isSent = status !== 'queued';
  const outcome = isSent ? ('unknown' as const) : ('failed' as const);
  const failure = isSent
    ? { code: 'TURN_UNKNOWN', message: `the session ended before the outcome was known (${reason})` }
    : { code: 'SESSION_NOT_ACTIVE', message: `Not sent: ${reason}` };
  return {
    type: 'settled',
    session_id: session.id,
    turn: {
      turn_id: `${id}:${outcome}`,
      message_id: id,
      outcome,
      content: '',
      failure,
      cost_nano: isSent ? null : 0,
      usage: [],
      agent: session.agent ?? 'peer',
      simulated: session.simulated,
      started_at: now,
      finished_at: now,
    },
  };
}
