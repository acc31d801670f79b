import type BetterSqlite3 from 'better-sqlite3';
import type { MirrorWrite } from '../../domain/mirror/mirror-write.ts';
import { isOpenMessage, type MessageStatus } from '../../domain/session/turn.ts';
import { hasEnded } from '../../domain/session/session.ts';
import type { Budgets } from '../budgets/budgets.ts';
import type { Published } from '../events/bus.ts';
import type { ShowCost } from '../queries/show-cost.ts';
import { applyWrite } from './apply-write.ts';
import { appendEvent, beginBatch, countKeys, saveBatch, touchSession } from './batch.ts';
import type { Batch, TakeKey } from './batch.ts';
import { spenderOf } from './statements.ts';
import type { MirrorStatements } from './statements.ts';

/** Says in a session's stream that numbers behind it were given before the mirror was rebuilt. */
export const REBUILT_NOTICE = 'The mirror of this session was rebuilt';

/** Milliseconds of 2024-01-01, so that keys made of times are small. */
const FIRST_KEY_AT = Date.parse('2024-01-01T00:00:00Z');

interface Old {
  key: number;
  event_seq: number;
}

interface OldMessage {
  id: string;
  key: number;
  status: MessageStatus | null;
}

/**
 * Takes the rows of a session out and applies `writes` instead; call it inside a transaction. The session's and the messages'
 * places in all orders stay, and numbers of its stream that readers may hold are never given to anything new. Returns what
 * waits for a message should hear.
 */
export function rebuildRows(
  deps: {
    client: BetterSqlite3.Database;
    statements: MirrorStatements;
    showCost: ShowCost;
    budgets: Budgets | null;
    now: string;
  },
  sessionId: string,
  writes: MirrorWrite[],
): Published[] {
  const { client, statements, showCost, budgets, now } = deps;
  const old = client
    .prepare<[string], Old>('SELECT key, event_seq FROM claude_code_sessions WHERE id = ?')
    .get(sessionId);
  const messages = client
    .prepare<[string], OldMessage>('SELECT id, key, status FROM claude_code_messages WHERE session_id = ?')
    .all(sessionId);
  const admission = client.prepare<[string]>('SELECT * FROM admissions WHERE session_id = ?').get(sessionId);
  const fresh = countKeys(statements);
  if (old !== undefined) clear(client, sessionId, old.key);

  // The budgets are counted again from the sums below, so that no turn is booked here.
  const batch = beginBatch({ statements, showCost, budgets: null, now }, keepKeys(client, messages, fresh));
  for (const write of writes) applyWrite(batch, write);
  const session = touchSession(batch, sessionId);
  const known = old?.event_seq ?? 0;
  while (session.event_seq < known) {
    appendEvent(batch, session, { type: 'notice', timestamp: now, level: 'info', text: REBUILT_NOTICE });
  }
  saveBatch(batch);
  budgets?.recount(spenderOf(session));
  // An end that the session came back from has given the place away.
  if (admission !== undefined && !hasEnded(session.status)) restoreAdmission(client, admission);
  return settledNow(batch, messages);
}

function clear(client: BetterSqlite3.Database, sessionId: string, key: number): void {
  client.prepare('DELETE FROM session_events WHERE session_key = ?').run(key);
  client.prepare('DELETE FROM agent_events_ahead WHERE session_key = ?').run(key);
  client.prepare('DELETE FROM cost_sums WHERE session_key = ?').run(key);
  client.prepare('DELETE FROM claude_code_interactions WHERE session_id = ?').run(sessionId);
  client.prepare('DELETE FROM claude_code_messages WHERE session_id = ?').run(sessionId);
  client
    .prepare(
      `UPDATE claude_code_sessions SET version = -1, status = 'connecting', reason = NULL, failure = NULL, ended_at = NULL,
         cost_nano = 0, cost_usd = 0, message_count = 0, queued = 0, running = 0, event_seq = 0, agent_seq = 0,
         last_activity = '1970-01-01T00:00:00.000Z' WHERE key = ?`,
    )
    .run(key);
}

/** Messages keep their places; of a session that was not there they get places by their time. */
function keepKeys(client: BetterSqlite3.Database, messages: OldMessage[], fresh: TakeKey): TakeKey {
  const before = new Map(messages.map(({ id, key }) => [id, key]));
  const taken = client.prepare<[number]>('SELECT 1 FROM claude_code_messages WHERE key = ?');
  let last = 0;
  return (messageId, timestamp) => {
    const kept = before.get(messageId) ?? 0;
    if (kept > last) return (last = kept);
    if (before.size > 0) return (last = fresh(messageId, timestamp));
    last = Math.max(last + 1, Date.parse(timestamp) - FIRST_KEY_AT);
    while (taken.get(last) !== undefined) last += 1;
    return last;
  };
}

function restoreAdmission(client: BetterSqlite3.Database, admission: unknown): void {
  client
    .prepare('INSERT INTO admissions VALUES (@session_id, @user_id, @project_path, @created_at) ON CONFLICT DO NOTHING')
    .run(admission);
}

function settledNow(batch: Batch, messages: OldMessage[]): Published[] {
  const open = new Set(messages.filter(({ status }) => status !== null && isOpenMessage(status)).map(({ id }) => id));
  return batch.published.filter(
    ({ frame }) =>
      frame.kind === 'event' &&
      frame.event.type === 'result' &&
      open.has(frame.event.message_id ?? frame.event.turn_id),
  );
}
