import type BetterSqlite3 from 'better-sqlite3';
import type { SessionEvent } from '../../domain/session/event.ts';
import type { Failure, SessionOptions, SessionStatus } from '../../domain/session/session.ts';
import type { MessageStatus, ModelUsage } from '../../domain/session/turn.ts';
import type { Database } from '../file/open.ts';
import { makeShowCost } from './show-cost.ts';
import { makeEventQueries } from './events.ts';

/** A session's own row, as the mirror has it. */
export interface MirroredSession {
  id: string;
  user_id: string;
  project_path: string;
  title: string | null;
  options: SessionOptions;
  status: SessionStatus;
  reason: string | null;
  failure: Failure | null;
  agent: string | null;
  simulated: boolean;
  at_least_once: boolean;
  started_at: string;
  ended_at: string | null;
  last_activity: string;
  version: number;
  cost_nano: number;
  message_count: number;
  queued: number;
  running: number;
  event_seq: number;
  agent_seq: number;
}

/** A message of either direction with its models. */
export interface MirroredMessage {
  id: string;
  direction: 'to_claude' | 'from_claude';
  message: string;
  timestamp: string;
  status: MessageStatus;
  context: Record<string, unknown> | null;
  cost_nano: number | null;
  reply_to: string | null;
  failure: Failure | null;
  simulated: boolean;
  provisional: boolean;
  usage: ModelUsage[];
}

/** Everything that the mirror holds of a session, read in one moment. */
export interface MirrorRows {
  session: MirroredSession;
  messages: MirroredMessage[];
  events: SessionEvent[];
  /** Numbers of the gateway that are there before lower ones. */
  ahead: number[];
}

export interface MirrorRowQueries {
  /** Null where the mirror does not know the session. */
  rows(sessionId: string): MirrorRows | null;
  /** The session's own row. */
  session(sessionId: string): MirroredSession | null;
  /** Ids of all sessions, oldest first. */
  ids(): string[];
  /** Ids of those that have not ended, and of those that hold a place. */
  openIds(): string[];
  /** Whether the message is there. */
  hasMessage(messageId: string): boolean;
  /** Whether the search index agrees with the messages. */
  searchIsWhole(): boolean;
  /** Makes the search index anew. */
  rebuildSearch(): void;
}

const SESSION = `SELECT id, user_id, project_path, title, options, status, reason, failure, agent, simulated, at_least_once,
  started_at, ended_at, last_activity, version, coalesce(cost_nano, 0) AS cost_nano, message_count, queued, running,
  event_seq, agent_seq FROM claude_code_sessions WHERE id = ?`;

/** Reads the mirror for its checks; money is tracked in them whatever callers are shown. */
export function makeMirrorRows(db: Database): MirrorRowQueries {
  const client = db.$client;
  const events = makeEventQueries(db, makeShowCost(true));
  const session = client.prepare<[string], Raw<MirroredSession>>(SESSION);
  const messages = client.prepare<[string], Raw<Omit<MirroredMessage, 'usage'>> & { key: number }>(
    `SELECT key, id, direction, message, timestamp, coalesce(status, 'done') AS status, context, cost_nano, reply_to,
       failure, simulated, provisional FROM claude_code_messages WHERE session_id = ? ORDER BY key`,
  );
  const usage = client.prepare<[string], ModelUsage & { message_key: number }>(
    `SELECT t.* FROM turn_models t JOIN claude_code_messages m ON m.key = t.message_key
     WHERE m.session_id = ? ORDER BY t.message_key, t.model`,
  );
  const ahead = client
    .prepare<[string], number>(
      'SELECT seq FROM agent_events_ahead WHERE session_key = (SELECT key FROM claude_code_sessions WHERE id = ?) ORDER BY seq',
    )
    .pluck();
  const ids = client.prepare<[], string>('SELECT id FROM claude_code_sessions ORDER BY key').pluck();
  const openIds = client
    .prepare<[], string>(
      `SELECT id FROM claude_code_sessions WHERE status NOT IN ('disconnected', 'error')
       UNION SELECT session_id FROM admissions`,
    )
    .pluck();
  const message = client.prepare<[string]>('SELECT 1 FROM claude_code_messages WHERE id = ?');

  function find(sessionId: string): MirroredSession | null {
    const row = session.get(sessionId);
    return row === undefined ? null : parsed(row);
  }

  function messagesOf(sessionId: string): MirroredMessage[] {
    const models = new Map<number, ModelUsage[]>();
    for (const { message_key, ...model } of usage.all(sessionId)) {
      models.set(message_key, [...(models.get(message_key) ?? []), model]);
    }
    return messages.all(sessionId).map(({ key, ...row }) => ({
      ...parsed<Omit<MirroredMessage, 'usage'>>(row),
      usage: models.get(key) ?? [],
    }));
  }

  const readAll = client.transaction((sessionId: string): MirrorRows | null => {
    const found = find(sessionId);
    if (found === null) return null;
    const stream = events.after(sessionId, 0, Number.MAX_SAFE_INTEGER);
    return { session: found, messages: messagesOf(sessionId), events: stream, ahead: ahead.all(sessionId) };
  });

  return {
    rows: (sessionId) => readAll.deferred(sessionId),
    session: find,
    ids: () => ids.all(),
    openIds: () => openIds.all(),
    hasMessage: (messageId) => message.get(messageId) !== undefined,
    searchIsWhole: () => searchIsWhole(client),
    rebuildSearch: () => void client.exec("INSERT INTO message_search (message_search) VALUES ('rebuild')"),
  };
}

/** A row as it is stored: JSON as text, truth as a number. */
type Raw<T> = { [K in keyof T]: unknown };

const JSON_COLUMNS = new Set(['options', 'failure', 'context']);
const TRUTHS = new Set(['simulated', 'at_least_once', 'provisional']);

function parsed<T>(row: Raw<T>): T {
  const entries = Object.entries(row).map(([name, value]) => {
    if (TRUTHS.has(name)) return [name, value === 1];
    return [name, JSON_COLUMNS.has(name) && typeof value === 'string' ? (JSON.parse(value) as unknown) : value];
  });
  return Object.fromEntries(entries) as T;
}

function searchIsWhole(client: BetterSqlite3.Database): boolean {
  try {
    client.exec("INSERT INTO message_search (message_search, rank) VALUES ('integrity-check', 1)");
    return true;
  } catch (error) {
    if ((error as { code?: string }).code?.startsWith('SQLITE_CORRUPT')) return false;
    throw error;
  }
}
