import type { SessionSnapshot } from '../../domain/mirror/mirror-write.ts';
import { hasEnded } from '../../domain/session/session.ts';
import { statusEvents } from '../events/event-rows.ts';
import { isoTime, laterOf } from './iso-time.ts';
import { withdrawOfSession } from './apply-interaction.ts';
import { appendEvent, touchSession } from './batch.ts';
import type { Batch } from './batch.ts';
import { spenderOf } from './statements.ts';
import type { SessionState } from './statements.ts';

/** Version of what this process writes of a session before its workflow speaks. */
export const OWN_VERSION = 0;

/** Keeps the snapshot when it is newer; a session that has ended gives its place back in the same transaction. */
export function applySession(batch: Batch, snapshot: SessionSnapshot): void {
  const session = touchSession(batch, snapshot.session_id);
  if (!isNewer(snapshot.version, session.version)) return;
  const changed = session.status !== snapshot.status || session.reason !== snapshot.reason || session.version < 0;
  session.version = snapshot.version;
  // Turns that were mirrored before the session's owner was known are in nobody's budget yet.
  const isNewOwner = session.user_id !== snapshot.user_id || session.project_path !== snapshot.project_path;
  session.user_id = snapshot.user_id;
  session.project_path = snapshot.project_path;
  session.status = snapshot.status;
  session.reason = snapshot.reason;
  const lastActivity = isoTime(snapshot.last_activity, batch.now);
  session.last_activity = laterOf(session.last_activity, lastActivity);
  saveSnapshot(batch, session, snapshot);
  if (isNewOwner && session.event_seq > 0) batch.budgets?.recount(spenderOf(session));
  if (hasEnded(snapshot.status)) {
    batch.statements.giveBackAdmission.run(session.id);
    withdrawOfSession(batch, session, lastActivity);
  }
  // What is left of bodies belongs to messages that never reached the workflow.
  if (snapshot.status === 'disconnected') batch.statements.forgetBodies.run(session.id);
  if (!changed) return;
  const at = isoTime(snapshot.ended_at ?? '', lastActivity);
  for (const event of statusEvents(at, snapshot.status, snapshot.reason)) appendEvent(batch, session, event);
}

/** Versions count from 1; what this process writes before replaces only its own. */
function isNewer(version: number, stored: number): boolean {
  return version > stored || (version === OWN_VERSION && stored === OWN_VERSION);
}

function saveSnapshot(batch: Batch, session: SessionState, snapshot: SessionSnapshot): void {
  const { version, user_id, project_path, title, status, reason, agent } = snapshot;
  batch.statements.saveSnapshot.run({
    id: session.id,
    version,
    user_id,
    project_path,
    title,
    options: JSON.stringify(snapshot.options),
    status,
    reason,
    failure: snapshot.failure === null ? null : JSON.stringify(snapshot.failure),
    agent,
    simulated: snapshot.simulated ? 1 : 0,
    at_least_once: snapshot.at_least_once ? 1 : 0,
    started_at: isoTime(snapshot.started_at, batch.now),
    ended_at: snapshot.ended_at === null ? null : isoTime(snapshot.ended_at, batch.now),
  });
}
