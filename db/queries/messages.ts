import { and, asc, desc, eq, gt, inArray, isNotNull, lt, sql } from 'drizzle-orm';
import type { HistoryMessage, MessageState, Page } from '../../domain/service-data.ts';
import type { MessageStatus, ModelUsage } from '../../domain/session/turn.ts';
import { fromCursor, toCursor } from './cursor.ts';
import type { Database } from '../file/open.ts';
import { messages, sessions } from '../schema/conversations.ts';
import { turnModels } from '../schema/progress.ts';
import type { ShowCost } from './show-cost.ts';

type MessageRow = typeof messages.$inferSelect;

export interface MessageQueries {
  /** Both directions, in the order in which they became known. */
  history(sessionId: string, page: { limit: number; cursor?: string; order: 'asc' | 'desc' }): Page<HistoryMessage>;
  /** Where a message for Claude is; null when the session has none of that id. */
  state(sessionId: string, messageId: string): MessageState | null;
  /** The messages of a session that wait or were sent, oldest first. */
  unsettled(sessionId: string): { id: string; status: MessageStatus }[];
  /** The session that a message id is taken by, in either direction. */
  ownerOf(messageId: string): string | null;
  /** The messages of these keys, in the order of the keys. */
  byKeys(keys: number[]): HistoryMessage[];
}

const LIST = 'messages';

/** Queries about messages; what they return is what callers see. */
export function makeMessageQueries(db: Database, showCost: ShowCost): MessageQueries {
  const question = db
    .select()
    .from(messages)
    .where(and(eq(messages.id, sql.placeholder('id')), eq(messages.direction, 'to_claude')))
    .prepare();
  // The agent's own word counts more than what the session's end had to assume; see the mirror.
  const answer = db
    .select()
    .from(messages)
    .where(
      and(
        sql`substr(${messages.reply_to}, 1, 8) = substr(${sql.placeholder('id')}, 1, 8)`,
        eq(messages.reply_to, sql.placeholder('id')),
      ),
    )
    .orderBy(
      sql`${messages.provisional} IS NOT NULL`,
      sql`${messages.status} = 'done' DESC`,
      messages.timestamp,
      messages.id,
    )
    .limit(1)
    .prepare();

  function withUsage(rows: MessageRow[]): HistoryMessage[] {
    const usage = usageOf(db, rows);
    return rows.map((row) => toHistory(row, usage.get(row.key ?? 0) ?? [], showCost));
  }

  return {
    unsettled: (sessionId) =>
      db.$client
        .prepare<[string], { id: string; status: MessageStatus }>(
          `SELECT id, status FROM claude_code_messages
           WHERE session_id = ? AND direction = 'to_claude' AND status IN ('queued', 'sent', 'waiting') ORDER BY key`,
        )
        .all(sessionId),
    history(sessionId, { limit, cursor, order }) {
      const session = db.select({ key: sessions.key }).from(sessions).where(eq(sessions.id, sessionId)).get();
      const beyond = order === 'asc' ? gt : lt;
      const rows = db
        .select()
        .from(messages)
        .where(
          and(
            eq(messages.session_key, session?.key ?? 0),
            cursor === undefined ? isNotNull(messages.key) : beyond(messages.key, fromCursor(LIST, cursor)),
          ),
        )
        .orderBy(order === 'asc' ? asc(messages.key) : desc(messages.key))
        .limit(limit + 1)
        .all();
      const page = rows.slice(0, limit);
      const last = page.at(-1)?.key ?? null;
      return {
        items: withUsage(page),
        next_cursor: rows.length > limit && last !== null ? toCursor(LIST, last) : null,
      };
    },
    state(sessionId, messageId) {
      const asked = question.get({ id: messageId });
      if (asked === undefined || asked.session_id !== sessionId) return null;
      return toState(asked, answer.get({ id: messageId }), showCost);
    },
    ownerOf: (messageId) =>
      db.select({ owner: messages.session_id }).from(messages).where(eq(messages.id, messageId)).get()?.owner ?? null,
    byKeys(keys) {
      const rows = db.select().from(messages).where(inArray(messages.key, keys)).all();
      const byKey = new Map(withUsage(rows).map((message, index) => [rows[index]?.key, message]));
      return keys.flatMap((key) => byKey.get(key) ?? []);
    },
  };
}

function usageOf(db: Database, rows: MessageRow[]): Map<number, ModelUsage[]> {
  const keys = rows.filter((row) => row.direction === 'from_claude').flatMap((row) => row.key ?? []);
  if (keys.length === 0) return new Map();
  const found = db
    .select()
    .from(turnModels)
    .where(inArray(turnModels.message_key, keys))
    .orderBy(asc(turnModels.message_key), asc(turnModels.model))
    .all();
  const usage = new Map<number, ModelUsage[]>();
  for (const { message_key, ...model } of found) usage.set(message_key, [...(usage.get(message_key) ?? []), model]);
  return usage;
}

function toHistory(row: MessageRow, usage: ModelUsage[], showCost: ShowCost): HistoryMessage {
  return {
    id: row.id,
    session_id: row.session_id,
    direction: row.direction,
    message: row.message,
    timestamp: row.timestamp,
    cost_usd: showCost(row.cost_nano),
    status: row.status ?? 'done',
    context: row.context,
    reply_to: row.reply_to,
    usage,
    ...(row.direction === 'from_claude' && { simulated: row.simulated ?? false }),
    ...(row.direction === 'from_claude' && row.failure !== null && { error: row.failure }),
  };
}

function toState(asked: MessageRow, answer: MessageRow | undefined, showCost: ShowCost): MessageState {
  const { id: message_id, session_id, timestamp } = asked;
  const status = asked.status ?? 'done';
  if (answer === undefined) return { message_id, session_id, status, timestamp };
  return {
    message_id,
    session_id,
    status,
    content: answer.message,
    cost_usd: showCost(answer.cost_nano),
    timestamp: answer.timestamp,
    response_id: answer.id,
    simulated: answer.simulated ?? false,
    ...(answer.failure === null ? {} : { error: answer.failure }),
  };
}
