import Database from 'better-sqlite3';
import type { Size } from './size.ts';

type Stored = Pick<Size, 'storedSessions' | 'storedMessages'>;

/** What `fillDatabase` adds. */
export const TABLE_ROWS = ({ storedSessions, storedMessages }: Stored): object => ({
  claude_code_sessions: storedSessions,
  claude_code_messages: storedMessages,
  turn_usage: storedMessages / 2,
});

/**
 * Adds sessions that have ended, of 100 users in 50 projects over a year, with their questions and answers evenly among them.
 * Written as rows, since the way through the mirror would take an hour; the search index follows by its triggers.
 */
export function fillDatabase(path: string, { storedSessions, storedMessages }: Stored): void {
  const db = new Database(path);
  const exchanges = storedMessages / 2;
  const each = exchanges / storedSessions;
  db.pragma('synchronous = OFF');
  db.pragma('cache_size = -400000');
  const first = db.prepare<[], number>('SELECT coalesce(max(key), 0) + 1 FROM claude_code_sessions').pluck().get() ?? 1;
  const firstMessage = db
    .prepare<[], number>('SELECT coalesce(max(key), 0) + 1 FROM claude_code_messages')
    .pluck()
    .get();
  const count = `WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < @count)`;
  const at = (index: string): string => `strftime('%Y-%m-%dT%H:%M:%fZ', '2026-01-01', '+' || (${index}) || ' seconds')`;
  const pace = Math.floor((365 * 86_400) / exchanges);
  db.transaction(() => {
    db.prepare(
      `${count} INSERT INTO claude_code_sessions (id, user_id, project_path, status, cost_usd, cost_nano, message_count,
         started_at, ended_at, last_activity, key, version, agent)
       SELECT 'stored-session-' || i, 'stored-' || (i % 100), '/projects/' || (i % 50), 'disconnected',
         ${each} * 3000000 / 1000000000.0, ${each} * 3000000, ${each}, ${at('i')}, ${at('i + 60')}, ${at('i + 60')}, @first + i, 9,
         'claude' FROM n`,
    ).run({ count: storedSessions, first });
    db.prepare(`INSERT INTO models (name) VALUES ('claude-sonnet-5') ON CONFLICT DO NOTHING`).run();
    const ids = { count: exchanges, first, firstMessage };
    const session = `'stored-session-' || (i % ${storedSessions})`;
    db.prepare(
      `${count} INSERT INTO claude_code_messages (id, session_id, direction, message, timestamp, status, key, session_key)
       SELECT printf('%08x-0000-4000-8000-%012x', i, i), ${session}, 'to_claude',
         'please check git status ' || i || ' needle' || (i % 5000), ${at(`i * ${pace}`)}, 'done', @firstMessage + 2 * i,
         @first + (i % ${storedSessions}) FROM n`,
    ).run(ids);
    db.prepare(
      `${count} INSERT INTO claude_code_messages (id, session_id, direction, message, timestamp, cost_usd, cost_nano, status,
         key, session_key, reply_to)
       SELECT printf('%08x-0000-4000-9000-%012x', i, i), ${session}, 'from_claude',
         'On branch main, nothing to commit, number ' || i, ${at(`i * ${pace} + 1`)}, 3000000 / 1000000000.0, 3000000, 'done',
         @firstMessage + 2 * i + 1, @first + (i % ${storedSessions}), printf('%08x-0000-4000-8000-%012x', i, i) FROM n`,
    ).run(ids);
    db.prepare(
      `${count} INSERT INTO turn_usage (message_key, model_id, input_tokens, output_tokens, cache_read_tokens,
         cache_creation_tokens, cost_nano)
       SELECT @firstMessage + 2 * i + 1, (SELECT id FROM models WHERE name = 'claude-sonnet-5'), 1000, 100, 0, 0, 3000000 FROM n`,
    ).run({ count: exchanges, firstMessage });
  })();
  db.pragma('wal_checkpoint(TRUNCATE)');
  db.close();
}
