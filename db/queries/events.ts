import type { SessionEvent } from '../../domain/session/event.ts';
import { readEvent } from '../events/event-rows.ts';
import type { EventRow } from '../events/event-rows.ts';
import type { Database } from '../file/open.ts';
import type { ShowCost } from './show-cost.ts';

export interface EventQueries {
  /** The first `limit` events with a higher number, oldest first. */
  after(sessionId: string, seq: number, limit: number): SessionEvent[];
  /** The last `limit` events with a lower number, oldest first. */
  before(sessionId: string, seq: number, limit: number): SessionEvent[];
}

const SELECT = `SELECT e.seq, e.at, e.type, e.body, m.id AS message_id, m.message, m.status AS message_status,
    m.cost_nano, m.reply_to, m.failure, m.simulated
  FROM session_events e LEFT JOIN claude_code_messages m ON m.key = e.message_key
  WHERE e.session_key = (SELECT key FROM claude_code_sessions WHERE id = ?)`;

/** Queries about the sessions' numbered streams. */
export function makeEventQueries(db: Database, showCost: ShowCost): EventQueries {
  type Statement = [string, number, number];
  const after = db.$client.prepare<Statement, EventRow>(`${SELECT} AND e.seq > ? ORDER BY e.seq LIMIT ?`);
  const before = db.$client.prepare<Statement, EventRow>(`${SELECT} AND e.seq < ? ORDER BY e.seq DESC LIMIT ?`);
  const read =
    (sessionId: string) =>
    (row: EventRow): SessionEvent =>
      readEvent(sessionId, row, showCost);

  return {
    after: (sessionId, seq, limit) => after.all(sessionId, seq, limit).map(read(sessionId)),
    before: (sessionId, seq, limit) => before.all(sessionId, seq, limit).reverse().map(read(sessionId)),
  };
}
