import BetterSqlite3 from 'better-sqlite3';

/** The rows of each part. */
export type MirrorDump = Record<
  'sessions' | 'history' | 'usage' | 'stats' | 'events' | 'statuses' | 'queued' | 'found',
  unknown[]
>;

/**
 * Everything that people read in the mirror, in the order in which they get it. Left out are the small keys, the time at which a
 * question became known (each clock has its own), and how often the status of a session changed.
 */
export function dumpMirror(path: string): MirrorDump {
  const db = new BetterSqlite3(path, { readonly: true });
  const all = (sql: string): unknown[] => db.prepare(sql).all();
  try {
    return {
      sessions: all(`SELECT id, user_id, project_path, status, cost_usd, cost_nano, message_count, started_at, ended_at,
        version, title, options, reason, failure, agent, simulated, at_least_once, queued, running, agent_seq
        FROM claude_code_sessions ORDER BY key`),
      history:
        all(`SELECT m.id, m.session_id, direction, message, iif(direction = 'to_claude', '', timestamp) AS timestamp,
        m.cost_usd, m.cost_nano, m.status, context, reply_to, m.failure, m.simulated, provisional
        FROM claude_code_messages m JOIN claude_code_sessions s ON s.key = m.session_key ORDER BY s.key, m.key`),
      usage: all(`SELECT m.id, t.model, t.input_tokens, t.output_tokens, t.cache_read_tokens, t.cache_creation_tokens,
        t.cost_nano FROM turn_models t JOIN claude_code_messages m ON m.key = t.message_key ORDER BY m.id, t.model`),
      stats: all(`SELECT session_id, message_count, response_count, failed_count, unknown_count, open_count, cost_nano
        FROM claude_code_session_stats ORDER BY session_id`),
      queued: all(`SELECT m.id FROM session_events e JOIN claude_code_messages m ON m.key = e.message_key
        WHERE e.type = 1 ORDER BY m.id`),
      events: all(`SELECT s.id, e.type, e.at, m.id AS message, e.body
        FROM session_events e JOIN claude_code_sessions s ON s.key = e.session_key
        LEFT JOIN claude_code_messages m ON m.key = e.message_key WHERE e.type NOT IN (0, 1, 6) ORDER BY s.key, e.seq`),
      statuses:
        all(`SELECT s.id, e.type, e.body FROM session_events e JOIN claude_code_sessions s ON s.key = e.session_key
        WHERE e.type IN (0, 6) ORDER BY s.key, e.seq`),
      found: all(`SELECT m.id FROM message_search f JOIN claude_code_messages m ON m.key = f.rowid
        WHERE f.message_search MATCH 'question' ORDER BY m.id`),
    };
  } finally {
    db.close();
  }
}
