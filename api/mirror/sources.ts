import type { SqliteMirror } from '../../db/mirror/mirror.ts';
import type { Database } from '../../db/file/open.ts';
import type {
  JournalEvent,
  JournalReader,
  JournalSession,
  SessionPast,
  SessionRecord,
  SessionRecords,
} from '../../domain/session/session-record.ts';
import type { Logger } from '../../domain/logger.ts';

/** What the mirror is checked by and made of. */
export interface MirrorSources {
  records: SessionRecords;
  journal: JournalReader;
}

/** The mirror beside them. */
export interface MirrorDeps extends MirrorSources {
  db: Database;
  mirror: SqliteMirror;
  logger: Logger;
  /** How long Temporal keeps a session that has ended. */
  retentionDays: number;
}

/** Everything that is known of one session outside the mirror. */
export interface SessionSources {
  session_id: string;
  /** Null where Temporal does not know the session (any more). */
  record: SessionRecord | null;
  past: SessionPast;
  /** Null where the journal does not know the session. */
  journal: JournalSession | null;
  events: JournalEvent[];
}

/** Reads all of it. Throws `UNAVAILABLE`. */
export async function readSources(
  { records, journal }: MirrorSources,
  sessionId: string,
  known: JournalSession | null,
): Promise<SessionSources> {
  const record = await records.record(sessionId);
  const past = record === null ? { messages: [], statuses: [], complete: false } : await records.past(sessionId);
  const events: JournalEvent[] = [];
  if (known !== null) for await (const page of journal.events(sessionId, 0)) events.push(...page);
  return { session_id: sessionId, record, past, journal: known, events };
}

/** The sessions of the journal by id; empty for a plain peer, which has none. */
export async function readJournalSessions(journal: JournalReader): Promise<Map<string, JournalSession>> {
  const sessions = new Map<string, JournalSession>();
  if (!(await journal.exists())) return sessions;
  for await (const page of journal.sessions()) for (const row of page) sessions.set(row.session_id, row);
  return sessions;
}

/**
 * Why the answers of a session cannot be told from anything but the mirror itself; null where they can. `mirrored` is the
 * highest number that the mirror has.
 */
export function whyNotJournalled({ record, events, journal }: SessionSources, mirrored: number): string | null {
  if (record?.snapshot.at_least_once === true) return 'it talks to a plain peer, which keeps no journal';
  const booked = Math.max(record?.cursor ?? 0, mirrored);
  const last = events.at(-1)?.seq ?? 0;
  if (last >= booked) return null;
  if (journal === null) return `the journal of the gateway does not know it, and ${booked} events came from there`;
  return `the journal of the gateway ends at event ${last}, and ${booked} came from there`;
}
