import type BetterSqlite3 from 'better-sqlite3';
import type { Spender } from '../../domain/money/budget.ts';
import type { SessionStatus } from '../../domain/session/session.ts';
import type { InteractionRow } from '../queries/interactions.ts';
import type { MessageStatus } from '../../domain/session/turn.ts';

/** What the mirror changes of a session while a batch is applied. */
export interface SessionState {
  id: string;
  key: number;
  user_id: string;
  project_path: string;
  status: SessionStatus;
  reason: string | null;
  version: number;
  cost_nano: number;
  message_count: number;
  last_activity: string;
  queued: number;
  running: number;
  event_seq: number;
  agent_seq: number;
}

/** The session as budgets look at it. */
export function spenderOf({ id, user_id, project_path }: SessionState): Spender {
  return { session_id: id, user_id, project_path };
}

export interface KnownMessage {
  key: number;
  session_key: number;
  status: MessageStatus;
}

const SESSION_STATE = `id, key, user_id, project_path, status, reason, version, coalesce(cost_nano, 0) AS cost_nano, message_count,
  last_activity, queued, running, event_seq, agent_seq`;

/** The statements of the message path, prepared once: here a compiled query costs less than building it. */
// eslint-disable-next-line @typescript-eslint/explicit-module-boundary-types -- each prepare() states its own types
export function prepareMirror(client: BetterSqlite3.Database) {
  return {
    session: client.prepare<[string], SessionState>(`SELECT ${SESSION_STATE} FROM claude_code_sessions WHERE id = ?`),
    createSession: client.prepare<[string], SessionState>(
      `INSERT INTO claude_code_sessions (id, user_id, project_path, started_at, last_activity, key, cost_nano)
       VALUES (?, '', '', '1970-01-01T00:00:00.000Z', '1970-01-01T00:00:00.000Z', (SELECT coalesce(max(key), 0) + 1 FROM claude_code_sessions), 0)
       RETURNING ${SESSION_STATE}`,
    ),
    saveSnapshot: client.prepare(
      `UPDATE claude_code_sessions SET version = @version, user_id = @user_id, project_path = @project_path,
         title = @title, options = @options, status = @status, reason = @reason, failure = @failure, agent = @agent,
         simulated = @simulated, at_least_once = @at_least_once, started_at = @started_at, ended_at = @ended_at
       WHERE id = @id`,
    ),
    saveSession: client.prepare<SessionState>(
      `UPDATE claude_code_sessions SET cost_nano = @cost_nano, cost_usd = @cost_nano / 1000000000.0,
         message_count = @message_count, last_activity = @last_activity, queued = @queued, running = @running,
         event_seq = @event_seq, agent_seq = @agent_seq, updated_at = datetime('now')
       WHERE key = @key`,
    ),
    nextMessageKey: client.prepare<[], number>('SELECT coalesce(max(key), 0) + 1 FROM claude_code_messages').pluck(),
    message: client.prepare<[string], KnownMessage>(
      'SELECT key, session_key, status FROM claude_code_messages WHERE id = ?',
    ),
    insertQuestion: client.prepare(
      `INSERT INTO claude_code_messages (id, session_id, direction, message, timestamp, status, context, key, session_key)
       VALUES (@id, @session_id, 'to_claude', @message, @timestamp, @status, @context, @key, @session_key)`,
    ),
    insertAnswer: client.prepare(
      `INSERT INTO claude_code_messages (id, session_id, direction, message, timestamp, cost_usd, status, key,
         session_key, cost_nano, reply_to, failure, simulated, provisional)
       VALUES (@id, @session_id, 'from_claude', @message, @timestamp, @cost_nano / 1000000000.0, @status, @key,
         @session_key, @cost_nano, @reply_to, @failure, @simulated, @provisional)`,
    ),
    setMessageStatus: client.prepare<[MessageStatus, number]>(
      'UPDATE claude_code_messages SET status = ? WHERE key = ?',
    ),
    outcome: client
      .prepare<[{ id: string; session_key: number }], MessageStatus>(
        `SELECT status FROM claude_code_messages WHERE substr(reply_to, 1, 8) = substr(@id, 1, 8) AND reply_to = @id AND session_key = @session_key
         ORDER BY provisional IS NOT NULL, status = 'done' DESC, timestamp, id LIMIT 1`,
      )
      .pluck(),
    insertModel: client.prepare<[string]>('INSERT INTO models (name) VALUES (?) ON CONFLICT DO NOTHING'),
    insertTurnUsage: client.prepare(
      `INSERT INTO turn_usage (message_key, model_id, input_tokens, output_tokens, cache_read_tokens,
         cache_creation_tokens, cost_nano)
       VALUES (@message_key, (SELECT id FROM models WHERE name = @model), @input_tokens, @output_tokens,
         @cache_read_tokens, @cache_creation_tokens, @cost_nano)`,
    ),
    insertEvent: client.prepare<[number, number, number, number, number | null, string | null]>(
      'INSERT INTO session_events (session_key, seq, at, type, message_key, body) VALUES (?, ?, ?, ?, ?, ?)',
    ),
    latestEvents: client.prepare<[number, number], { seq: number; type: number; body: string | null }>(
      'SELECT seq, type, body FROM session_events WHERE session_key = ? ORDER BY seq DESC LIMIT ?',
    ),
    pointAtAnswer: client.prepare<[number, number, number]>(
      'UPDATE session_events SET body = NULL, message_key = ? WHERE session_key = ? AND seq = ?',
    ),
    interaction: client.prepare<[string], InteractionRow>(
      'SELECT * FROM claude_code_interactions WHERE interaction_id = ?',
    ),
    openInteractions: client.prepare<[string], InteractionRow>(
      `SELECT * FROM claude_code_interactions WHERE session_id = ? AND status = 'open' ORDER BY rowid`,
    ),
    openOfMessage: client.prepare<[string, string]>(
      `SELECT 1 FROM claude_code_interactions WHERE session_id = ? AND message_id = ? AND status = 'open'`,
    ),
    nextInteractionNumber: client
      .prepare<[string], number>(
        `WITH open AS (SELECT i.number FROM claude_code_interactions i JOIN claude_code_sessions s ON s.id = i.session_id
           WHERE i.status = 'open' AND s.user_id = ?)
         SELECT min(n) FROM (SELECT 1 AS n UNION SELECT number + 1 FROM open) WHERE n NOT IN (SELECT number FROM open)`,
      )
      .pluck(),
    insertInteraction: client.prepare(
      `INSERT INTO claude_code_interactions (interaction_id, session_id, message_id, kind, status, number, title, detail,
         created_at, expires_at)
       VALUES (@interaction_id, @session_id, @message_id, @kind, 'open', @number, @title, @detail, @created_at, @expires_at)`,
    ),
    endInteraction: client.prepare(
      `UPDATE claude_code_interactions SET status = @status, answer = @answer, answered_by = @answered_by,
         answered_via = @answered_via, settled_at = @settled_at, withdrawn_reason = @withdrawn_reason
       WHERE interaction_id = @interaction_id`,
    ),
    rememberAhead: client.prepare<[number, number]>(
      'INSERT INTO agent_events_ahead (session_key, seq) VALUES (?, ?) ON CONFLICT DO NOTHING',
    ),
    forgetAhead: client.prepare<[number, number]>('DELETE FROM agent_events_ahead WHERE session_key = ? AND seq = ?'),
    giveBackAdmission: client.prepare<[string]>('DELETE FROM admissions WHERE session_id = ?'),
    forgetBodies: client.prepare<[string]>('DELETE FROM message_bodies WHERE session_id = ?'),
    forgetBody: client.prepare<[string]>('DELETE FROM message_bodies WHERE message_id = ?'),
  };
}

export type MirrorStatements = ReturnType<typeof prepareMirror>;
