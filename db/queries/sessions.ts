import { and, desc, eq, inArray, lt, sql } from 'drizzle-orm';
import type { Page, Session, SessionFilter } from '../../domain/service-data.ts';
import { isActive } from '../../domain/session/session.ts';
import { InteractionQueries } from './interactions.ts';
import { fromCursor, toCursor } from './cursor.ts';
import type { Database } from '../file/open.ts';
import { sessions } from '../schema/conversations.ts';
import type { NanoUsd } from '../../domain/money/money.ts';
import { typeNumber } from '../events/event-numbers.ts';
import type { ShowCost } from './show-cost.ts';

type SessionRow = typeof sessions.$inferSelect;

/** The events of a turn that say what it does now. */
const PROGRESS = (['sent', 'text', 'tool_started', 'tool_finished'] as const).map(typeNumber);
const TOOL_STARTED = typeNumber('tool_started');
const SENT = typeNumber('sent');
const PROGRESS_EVENTS = 50;

export interface SessionQueries {
  find(id: string): FoundSession | null;
  /** Newest first. Reads no more rows than the page has, but where a project and a status are asked for together. */
  list(filter: SessionFilter): Page<Session>;
  /** Whether the user has or had a session. */
  hasAny(userId: string): boolean;
  /** Sessions that are open and have nothing to do, with what decides whether they are past their idle timeout. */
  quiet(userId: string | null): { id: string; last_activity: string; idle_timeout_seconds: number | null }[];
}

/** A session with what only this process needs to know of it. */
export interface FoundSession extends Session {
  version: number;
  event_seq: number;
  /** Newest event number of the gateway that is mirrored. */
  agent_seq: number;
  cost_nano: NanoUsd;
}

/** The session without what only this process needs to know. */
export function publicSession(found: FoundSession): Session {
  const { version: _version, event_seq: _eventSeq, agent_seq: _agentSeq, cost_nano: _costNano, ...session } = found;
  return session;
}

const LIST = 'sessions';

/** Queries about sessions; what they return is what callers see. */
export function makeSessionQueries(db: Database, showCost: ShowCost): SessionQueries {
  const byId = db
    .select()
    .from(sessions)
    .where(eq(sessions.id, sql.placeholder('id')))
    .prepare();

  const sentMessage = db.$client.prepare<[number], { id: string; key: number; status: string }>(
    `SELECT id, key, status FROM claude_code_messages WHERE session_key = ? AND direction = 'to_claude'
     AND status IN ('sent', 'waiting')
     ORDER BY key DESC LIMIT 1`,
  );
  const latest = db.$client.prepare<[number, number], { type: number; at: number; body: string | null }>(
    'SELECT type, at, body FROM session_events WHERE session_key = ? ORDER BY seq DESC LIMIT ?',
  );
  const sentAt = db.$client
    .prepare<[number, number], number>(
      `SELECT at FROM session_events WHERE session_key = ? AND type = ${SENT} AND message_key = ? ORDER BY seq DESC LIMIT 1`,
    )
    .pluck();

  const interactions = new InteractionQueries(db);

  function runningOf(row: SessionRow): Session['running'] {
    if (row.running === 0 || row.key === null) return null;
    const message = sentMessage.get(row.key);
    if (message === undefined) return null;
    const progress = latest.all(row.key, PROGRESS_EVENTS).find(({ type }) => PROGRESS.includes(type));
    const tool =
      progress?.type === TOOL_STARTED ? (JSON.parse(progress.body ?? '{}') as { tool?: string }).tool : undefined;
    const since = sentAt.get(row.key, message.key) ?? progress?.at ?? Date.parse(row.last_activity);
    return {
      message_id: message.id,
      since: new Date(since).toISOString(),
      summary: message.status === 'waiting' ? 'waits for a person' : (tool ?? 'writing'),
    };
  }

  const turnOf = (row: SessionRow): Pick<Session, 'running' | 'waiting'> => ({
    running: runningOf(row),
    // A turn that waits counts as running: other sessions cost no statement.
    waiting: row.running === 0 ? null : interactions.waitingOf(row.id),
  });

  return {
    find(id) {
      const row = byId.get({ id });
      if (row === undefined) return null;
      const { version, event_seq, agent_seq, cost_nano } = row;
      return { ...toSession(row, showCost, turnOf(row)), version, event_seq, agent_seq, cost_nano: cost_nano ?? 0 };
    },
    list(filter) {
      const { user_id, status, project_path, limit, cursor } = filter;
      const rows = db
        .select()
        .from(sessions)
        .where(
          and(
            user_id === undefined ? undefined : eq(sessions.user_id, user_id),
            status === undefined ? undefined : eq(sessions.status, status),
            project_path === undefined ? undefined : eq(sessions.project_path, project_path),
            cursor === undefined ? undefined : lt(sessions.key, fromCursor(LIST, cursor)),
          ),
        )
        .orderBy(desc(sessions.key))
        .limit(limit + 1)
        .all();
      const items = rows.slice(0, limit);
      const last = items.at(-1)?.key ?? null;
      const next_cursor = rows.length > limit && last !== null ? toCursor(LIST, last) : null;
      return { items: items.map((row) => toSession(row, showCost, turnOf(row))), next_cursor };
    },
    hasAny: (userId) =>
      db.select({ id: sessions.id }).from(sessions).where(eq(sessions.user_id, userId)).limit(1).get() !== undefined,
    quiet: (userId) =>
      db
        .select({
          id: sessions.id,
          last_activity: sessions.last_activity,
          idle_timeout_seconds: sql<number | null>`${sessions.options} ->> 'idle_timeout_seconds'`,
        })
        .from(sessions)
        .where(
          and(
            inArray(sessions.status, ['active', 'idle']),
            eq(sessions.queued, 0),
            eq(sessions.running, 0),
            userId === null ? undefined : eq(sessions.user_id, userId),
          ),
        )
        .all(),
  };
}

function toSession(row: SessionRow, showCost: ShowCost, turn: Pick<Session, 'running' | 'waiting'>): Session {
  return {
    id: row.id,
    user_id: row.user_id,
    project_path: row.project_path,
    status: row.status,
    is_active: isActive(row.status),
    cost_usd: showCost(row.cost_nano),
    started_at: row.started_at,
    ended_at: row.ended_at,
    message_count: row.message_count,
    last_activity: row.last_activity,
    title: row.title,
    options: row.options,
    reason: row.reason,
    error: row.failure,
    agent: row.agent,
    simulated: row.simulated,
    at_least_once: row.at_least_once,
    queued: row.queued,
    ...turn,
  };
}
