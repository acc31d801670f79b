import { makeMirrorRows } from '../../db/queries/mirror-rows.ts';
import type { MirroredSession, MirrorRowQueries } from '../../db/queries/mirror-rows.ts';
import type { MirrorWrite } from '../../domain/mirror/mirror-write.ts';
import type { SessionPast, SessionRecord } from '../../domain/session/session-record.ts';
import { shownOf } from './final-snapshot.ts';
import { inOrder } from './rebuild-mirror.ts';
import { rebuildSession } from './rebuild-session.ts';
import { readJournalSessions } from './sources.ts';
import type { MirrorDeps } from './sources.ts';

/** What the mirror lacked. */
export interface MirrorLag {
  /** Sessions that ended without the mirror's knowing. */
  ended: string[];
  /** Sessions whose messages or events were behind. */
  behind: string[];
  /** Sessions that it did not know at all. */
  unknown: string[];
}

/** Where reconciling ends, and what it leaves alone: sessions that began later are being written at this very moment. */
export interface ReconcileBounds {
  startedBefore: Date;
  signal: AbortSignal;
}

/**
 * Brings the mirror up to what Temporal alone knows: sessions that ended meanwhile and, with `queues`, messages that wait.
 * The latter asks each running session, and is needed after a power cut only. Writes nothing that is there already.
 */
export async function reconcileWithTemporal(
  deps: MirrorDeps,
  { queues, startedBefore, signal }: ReconcileBounds & { queues: boolean },
): Promise<Pick<MirrorLag, 'ended' | 'behind'>> {
  const rows = makeMirrorRows(deps.db);
  const running = new Set(
    (await deps.records.list()).flatMap((session) => (session.running ? [session.session_id] : [])),
  );
  const ended: string[] = [];
  const behind: string[] = [];
  for (const id of rows.openIds()) {
    signal.throwIfAborted();
    if (running.has(id) && !queues) continue;
    if (isLater(rows.session(id), startedBefore)) continue;
    const record = await deps.records.record(id).catch((error: unknown) => {
      // One that was stopped in Temporal can be read while a worker runs; without one it is ended as lost.
      if (running.has(id)) throw error;
      deps.logger.warn({ err: error, session_id: id }, 'the end of a session could not be read');
      return null;
    });
    if (record === null || !(record.ended || isBehind(record, rows))) continue;
    await deps.mirror.write(writesOf(record, await deps.records.past(id), rows));
    (record.ended ? ended : behind).push(id);
  }
  return { ended, behind };
}

function isLater(session: MirroredSession | null, time: Date): boolean {
  return session !== null && session.started_at >= time.toISOString();
}

function isBehind(record: SessionRecord, rows: MirrorRowQueries): boolean {
  const version = rows.session(record.snapshot.session_id)?.version ?? -1;
  return version < shownOf(record, null).version || record.waiting.some((id) => !rows.hasMessage(id));
}

function writesOf(record: SessionRecord, past: SessionPast, rows: MirrorRowQueries): MirrorWrite[] {
  const { session_id } = record.snapshot;
  const queued = past.messages.flatMap(({ timestamp, message_id, content, context }): MirrorWrite[] => {
    // A large body is in the journal once the message is sent, and stored until then.
    if (content === null || rows.hasMessage(message_id)) return [];
    return [{ type: 'queued', session_id, timestamp, message: { message_id, content, context } }];
  });
  const unsent = record.unsent.map((turn): MirrorWrite => ({ type: 'settled', session_id, turn }));
  const decided = (record.decided ?? []).map((end): MirrorWrite => ({ type: 'interaction', session_id, end }));
  return [...queued, ...unsent, ...decided, { type: 'session', snapshot: shownOf(record, rows.session(session_id)) }];
}

/**
 * Brings the mirror up to the gateway's journal, whose events a power cut may have taken from the mirror alone, and makes the
 * sessions that it does not know. Does not disturb the workers: what is written twice is kept once.
 */
export async function reconcileWithJournal(
  deps: MirrorDeps,
  { startedBefore, signal }: ReconcileBounds,
): Promise<Pick<MirrorLag, 'behind' | 'unknown'>> {
  const rows = makeMirrorRows(deps.db);
  const journal = await readJournalSessions(deps.journal);
  const behind: string[] = [];
  const unknown: string[] = [];
  for (const session_id of inOrder([], await deps.records.list(), journal)) {
    signal.throwIfAborted();
    const known = rows.session(session_id);
    const { last_seq } = journal.get(session_id) ?? { last_seq: 0 };
    if (known === null) {
      await rebuildSession({ ...deps, rows }, session_id, journal.get(session_id) ?? null);
      unknown.push(session_id);
      continue;
    }
    if (last_seq <= known.agent_seq || isLater(known, startedBefore)) continue;
    for await (const page of deps.journal.events(session_id, known.agent_seq)) {
      await deps.mirror.write(page.map(({ seq, event }) => ({ type: 'agent', session_id, seq, event })));
    }
    behind.push(session_id);
  }
  return { behind, unknown };
}
