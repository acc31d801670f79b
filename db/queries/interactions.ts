import type BetterSqlite3 from 'better-sqlite3';
import type { InteractionStatus, ShownInteraction } from '../../domain/control/interaction.ts';
import type { Page } from '../../domain/service-data.ts';
import { fromCursor, toCursor } from './cursor.ts';

/** A row of `claude_code_interactions`: JSON as text. */
export interface InteractionRow {
  interaction_id: string;
  session_id: string;
  message_id: string | null;
  kind: string;
  status: InteractionStatus;
  number: number;
  title: string;
  detail: string;
  created_at: string;
  expires_at: string | null;
  answer: string | null;
  answered_by: string | null;
  answered_via: string | null;
  settled_at: string | null;
  withdrawn_reason: string | null;
}

/** Which interactions are wanted. */
export interface InboxFilter {
  /** Only those of this user's sessions. */
  user_id?: string;
  session_id?: string;
  status?: InteractionStatus;
  limit: number;
  cursor?: string;
}

const LIST = 'inbox';

/** The interaction of a row. */
export function readInteraction({ settled_at, detail, answer, ...row }: InteractionRow): ShownInteraction {
  return {
    ...row,
    detail: JSON.parse(detail) as unknown,
    answer: answer === null ? null : (JSON.parse(answer) as unknown),
    answered_at: row.status === 'answered' ? settled_at : null,
  } as ShownInteraction;
}

/** Queries about what waits, or waited, for a person. */
export class InteractionQueries {
  readonly #client: BetterSqlite3.Database;
  /** Prepared once: every message call asks whether its session waits for a person. */
  readonly #waiting: BetterSqlite3.Statement<[string], InteractionRow>;

  constructor(db: { $client: BetterSqlite3.Database }) {
    this.#client = db.$client;
    this.#waiting = db.$client.prepare(
      `SELECT * FROM claude_code_interactions WHERE session_id = ? AND status = 'open' ORDER BY created_at, rowid LIMIT 1`,
    );
  }

  find(interactionId: string): ShownInteraction | null {
    const row = this.#client
      .prepare<[string], InteractionRow>('SELECT * FROM claude_code_interactions WHERE interaction_id = ?')
      .get(interactionId);
    return row === undefined ? null : readInteraction(row);
  }

  /** The open interaction of a session that waits longest; null where none does. */
  waitingOf(sessionId: string): ShownInteraction | null {
    const row = this.#waiting.get(sessionId);
    return row === undefined ? null : readInteraction(row);
  }

  /** A page, oldest first. */
  inbox({ user_id, session_id, status, limit, cursor }: InboxFilter): Page<ShownInteraction> {
    const conditions = [
      'i.rowid > @after',
      ...(user_id === undefined ? [] : ['s.user_id = @user_id']),
      ...(session_id === undefined ? [] : ['i.session_id = @session_id']),
      ...(status === undefined ? [] : ['i.status = @status']),
    ];
    const rows = this.#client
      .prepare<[object], InteractionRow & { place: number }>(
        `SELECT i.rowid AS place, i.* FROM claude_code_interactions i JOIN claude_code_sessions s ON s.id = i.session_id
         WHERE ${conditions.join(' AND ')} ORDER BY i.rowid LIMIT @limit`,
      )
      .all({
        after: cursor === undefined ? 0 : fromCursor(LIST, cursor),
        limit: limit + 1,
        user_id: user_id ?? null,
        session_id: session_id ?? null,
        status: status ?? null,
      });
    const page = rows.slice(0, limit);
    const last = page.at(-1);
    return {
      items: page.map(({ place: _place, ...row }) => readInteraction(row)),
      next_cursor: rows.length > limit && last !== undefined ? toCursor(LIST, last.place) : null,
    };
  }
}
