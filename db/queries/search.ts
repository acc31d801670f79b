import type BetterSqlite3 from 'better-sqlite3';

export interface SearchQuery {
  /** What a person typed; every word must be in the message, the last one may be a beginning. */
  q: string;
  /** Only sessions of this user. */
  user_id?: string;
  session_id?: string;
  limit: number;
}

/** Finds the keys of the messages that hold all the words, newest first. */
export function makeSearch(db: { $client: BetterSqlite3.Database }): (query: SearchQuery) => number[] {
  const find = db.$client
    .prepare<Record<string, unknown>, number>(
      `SELECT m.key FROM message_search f
       JOIN claude_code_messages m ON m.key = f.rowid
       JOIN claude_code_sessions s ON s.key = m.session_key
       WHERE f.message_search MATCH @match
         AND (@user_id IS NULL OR s.user_id = @user_id)
         AND (@session_id IS NULL OR s.id = @session_id)
       ORDER BY f.rowid DESC LIMIT @limit`,
    )
    .pluck();

  return ({ q, user_id = null, session_id = null, limit }: Nullable<SearchQuery>) => {
    const match = toMatch(q);
    return match === null ? [] : find.all({ match, user_id, session_id, limit });
  };
}

type Nullable<T> = { [K in keyof T]: undefined extends T[K] ? T[K] | null : T[K] };

/** Makes an FTS5 query of what was typed: each word is a quoted string, so that none of it is syntax. */
export function toMatch(typed: string): string | null {
  const words = typed.normalize('NFC').match(/[^\s"\0]+/gu) ?? [];
  const strings = words.filter((word) => /[\p{L}\p{N}]/u.test(word)).map((word) => `"${word}"`);
  return strings.length === 0 ? null : `${strings.join(' ')}*`;
}
