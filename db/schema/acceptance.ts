import { index, integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core';

/** One place under `max_sessions`, taken before the session starts and given back when it has ended. */
export const admissions = sqliteTable(
  'admissions',
  {
    session_id: text('session_id').primaryKey().notNull(),
    user_id: text('user_id').notNull(),
    project_path: text('project_path').notNull(),
    created_at: text('created_at').notNull(),
  },
  (table) => [index('admissions_of_user').on(table.user_id)],
);

/** Which message an `Idempotency-Key` of a session stands for, for ever. */
export const idempotencyKeys = sqliteTable(
  'idempotency_keys',
  {
    session_id: text('session_id').notNull(),
    key: text('key').notNull(),
    /** SHA-256 of the message and its context. */
    body_hash: text('body_hash').notNull(),
    message_id: text('message_id').notNull(),
  },
  (table) => [primaryKey({ columns: [table.session_id, table.key] })],
);

/** Where a message that came by `route-conversation` under the caller's key was delivered. */
export const routedMessages = sqliteTable(
  'routed_messages',
  {
    user_id: text('user_id').notNull(),
    channel: text('channel').notNull(),
    key: text('key').notNull(),
    body_hash: text('body_hash').notNull(),
    session_id: text('session_id').notNull(),
    message_id: text('message_id').notNull(),
  },
  (table) => [primaryKey({ columns: [table.user_id, table.channel, table.key] })],
);

/** The body of an accepted message that is too large for a signal, until the mirror has the message. */
export const messageBodies = sqliteTable(
  'message_bodies',
  {
    message_id: text('message_id').primaryKey().notNull(),
    session_id: text('session_id').notNull(),
    content: text('content').notNull(),
    context: text('context', { mode: 'json' }).$type<Record<string, unknown>>(),
    bytes: integer('bytes').notNull(),
  },
  (table) => [index('bodies_of_session').on(table.session_id)],
);
