import type { SessionSnapshot } from '../../../domain/mirror/mirror-write.ts';
import type { SessionStart } from '../../../domain/session/session-workflows.ts';
import type { FoundSession } from '../../../db/queries/sessions.ts';

/** What the mirror shows of a session before its workflow has spoken. */
export function connectingSnapshot(start: SessionStart, now: string): SessionSnapshot {
  const { session_id, user_id, project_path, title, options } = start;
  return {
    session_id,
    version: 0,
    user_id,
    project_path,
    title,
    options,
    status: 'connecting',
    reason: null,
    failure: null,
    agent: null,
    simulated: false,
    at_least_once: false,
    started_at: now,
    ended_at: null,
    last_activity: now,
  };
}

/** What the mirror shows of a session that has no workflow (any more), and so nobody else to say that it has ended. */
export function endedSnapshot(
  session: FoundSession,
  end: Pick<SessionSnapshot, 'status' | 'reason' | 'failure'>,
  now: string,
): SessionSnapshot {
  const { id: session_id, user_id, project_path, title, options, agent, simulated, at_least_once } = session;
  return {
    session_id,
    // A workflow that starts late after all counts from 1 and must win over what was assumed here.
    version: session.version <= 0 ? 0 : session.version + 1,
    user_id,
    project_path,
    title,
    options,
    ...end,
    agent,
    simulated,
    at_least_once,
    started_at: session.started_at,
    ended_at: now,
    last_activity: session.last_activity,
  };
}
