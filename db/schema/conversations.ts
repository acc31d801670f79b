import { sql } from 'drizzle-orm';
import { check, index, integer, real, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core';
import type { AgentName, Failure, SessionOptions, SessionStatus } from '../../domain/session/session.ts';
import type { MessageStatus } from '../../domain/session/turn.ts';

/** One row a session, as its workflow last reported it. `key` stands for the session in our compact tables. */
export const sessions = sqliteTable(
  'claude_code_sessions',
  {
    id: text('id').primaryKey().notNull(),
    user_id: text('user_id').notNull(),
    project_path: text('project_path').notNull(),
    status: text('status').$type<SessionStatus>().notNull().default('connecting'),
    cost_usd: real('cost_usd').notNull().default(0),
    message_count: integer('message_count').notNull().default(0),
    started_at: text('started_at').notNull(),
    ended_at: text('ended_at'),
    last_activity: text('last_activity').notNull(),
    metadata: text('metadata'),
    created_at: text('created_at')
      .notNull()
      .default(sql`(datetime('now'))`),
    updated_at: text('updated_at')
      .notNull()
      .default(sql`(datetime('now'))`),
    key: integer('key'),
    cost_nano: integer('cost_nano'),
    version: integer('version').notNull().default(-1),
    title: text('title'),
    options: text('options', { mode: 'json' })
      .$type<SessionOptions>()
      .notNull()
      .default(sql`'{}'`),
    reason: text('reason'),
    failure: text('failure', { mode: 'json' }).$type<Failure>(),
    agent: text('agent').$type<AgentName>(),
    simulated: integer('simulated', { mode: 'boolean' }).notNull().default(false),
    at_least_once: integer('at_least_once', { mode: 'boolean' }).notNull().default(false),
    queued: integer('queued').notNull().default(0),
    running: integer('running').notNull().default(0),
    event_seq: integer('event_seq').notNull().default(0),
    agent_seq: integer('agent_seq').notNull().default(0),
  },
  (table) => [
    uniqueIndex('sessions_by_key').on(table.key),
    index('sessions_of_user').on(table.user_id, table.key),
    index('sessions_of_user_by_status').on(table.user_id, table.status, table.key),
    index('sessions_by_status').on(table.status, table.key),
    index('sessions_by_project').on(table.project_path, table.key),
    check('sessions_cost_is_exact', sql`cost_nano IS NULL OR cost_usd = cost_nano / 1000000000.0`),
  ],
);

/** One row a message, in either direction. `key` counts up in the order in which messages became known. */
export const messages = sqliteTable(
  'claude_code_messages',
  {
    id: text('id').primaryKey().notNull(),
    session_id: text('session_id')
      .notNull()
      .references(() => sessions.id, { onDelete: 'cascade' }),
    direction: text('direction').$type<'to_claude' | 'from_claude'>().notNull(),
    message: text('message').notNull(),
    timestamp: text('timestamp').notNull(),
    cost_usd: real('cost_usd'),
    status: text('status').$type<MessageStatus>(),
    context: text('context', { mode: 'json' }).$type<Record<string, unknown>>(),
    created_at: text('created_at')
      .notNull()
      .default(sql`(datetime('now'))`),
    key: integer('key'),
    session_key: integer('session_key'),
    cost_nano: integer('cost_nano'),
    reply_to: text('reply_to'),
    failure: text('failure', { mode: 'json' }).$type<Failure>(),
    simulated: integer('simulated', { mode: 'boolean' }),
    /** Set where the session ended the turn and the agent did not: what the agent says later weighs more. */
    provisional: integer('provisional', { mode: 'boolean' }),
  },
  (table) => [
    uniqueIndex('messages_by_key').on(table.key),
    index('messages_of_session').on(table.session_key, table.key),
    // The foreign key's own: without it each deletion of a session reads every message.
    index('messages_by_session_id').on(table.session_id),
    // Two more, on expressions, are in the migration `views`: drizzle-kit cannot write them.
    check('messages_direction', sql`direction IN ('to_claude', 'from_claude')`),
    check('messages_cost_is_exact', sql`cost_nano IS NULL OR cost_usd IS cost_nano / 1000000000.0`),
  ],
);
