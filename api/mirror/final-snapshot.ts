import type { MirroredSession } from '../../db/queries/mirror-rows.ts';
import type { SessionSnapshot } from '../../domain/mirror/mirror-write.ts';
import type { SessionRecord } from '../../domain/session/session-record.ts';
import { AGENT_NAMES, hasEnded } from '../../domain/session/session.ts';
import { LOST_SESSION } from './lost-words.ts';
import type { SessionSources } from './sources.ts';

/** Owner of a session that neither Temporal nor the mirror knows any more. */
export const UNKNOWN_USER = 'unknown';

/** The session as the mirror is to show it. */
export function finalSnapshot(
  { record, journal, events, ...sources }: SessionSources,
  old: MirroredSession | null,
): SessionSnapshot {
  if (record !== null) return shownOf(record, old);
  if (old !== null && old.version > 0) return snapshotOfRow(old);
  const last = events.at(-1)?.event;
  const started = journal?.created_at ?? events[0]?.event.timestamp ?? new Date(0).toISOString();
  const turn = events.findLast(({ event }) => event.type === 'result')?.event;
  return {
    session_id: sources.session_id,
    version: 1,
    user_id: UNKNOWN_USER,
    project_path: journal?.project_path ?? '',
    title: null,
    options: {},
    status: 'disconnected',
    reason: 'Unknown: Temporal does not keep it any more',
    failure: null,
    agent: turn?.type === 'result' ? turn.turn.agent : null,
    simulated: turn?.type === 'result' && turn.turn.simulated,
    at_least_once: false,
    started_at: started,
    ended_at: last?.timestamp ?? started,
    last_activity: last?.timestamp ?? started,
  };
}

/** What the workflow would have the mirror show. */
export function shownOf({ snapshot, ended, opening }: SessionRecord, old: MirroredSession | null): SessionSnapshot {
  if (ended && !hasEnded(snapshot.status)) {
    const version = Math.max(snapshot.version + 1, old?.status === 'error' ? old.version : 0);
    const ended_at = old?.ended_at ?? new Date().toISOString();
    return { ...snapshot, version, status: 'error', reason: LOST_SESSION.message, failure: LOST_SESSION, ended_at };
  }
  // The version of a connection that is being opened belongs to what that connection will write.
  if (!ended && opening) return { ...snapshot, version: Math.max(1, snapshot.version - 1) };
  return snapshot;
}

function snapshotOfRow(row: MirroredSession): SessionSnapshot {
  const { user_id, project_path, title, options, status, reason, failure, simulated, at_least_once } = row;
  const { version, started_at, ended_at, last_activity } = row;
  const agent = AGENT_NAMES.find((name) => name === row.agent) ?? null;
  const shown = { user_id, project_path, title, options, status, reason, failure, agent, simulated, at_least_once };
  return { session_id: row.id, version, ...shown, started_at, ended_at, last_activity };
}
