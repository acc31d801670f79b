import { integer, primaryKey, sqliteTable, sqliteView, text, uniqueIndex } from 'drizzle-orm/sqlite-core';
import { messages, sessions } from './conversations.ts';

/** One entry of a session's numbered stream; what stands in the message it is about is not repeated in `body`. */
export const events = sqliteTable(
  'session_events',
  {
    session_key: integer('session_key')
      .notNull()
      .references(() => sessions.key, { onDelete: 'cascade' }),
    seq: integer('seq').notNull(),
    /** Milliseconds since 1970, UTC. */
    at: integer('at').notNull(),
    /** A place in `EVENT_TYPES`. */
    type: integer('type').notNull(),
    /** The `key` of the message it is about; of the answer for a `result` and for a `text` without a body. */
    message_key: integer('message_key'),
    body: text('body', { mode: 'json' }).$type<Record<string, unknown>>(),
  },
  (table) => [primaryKey({ columns: [table.session_key, table.seq] })],
);

/** One event number of the gateway that was mirrored before a lower one; gone once the gap is filled. */
export const agentEventsAhead = sqliteTable(
  'agent_events_ahead',
  {
    session_key: integer('session_key')
      .notNull()
      .references(() => sessions.key, { onDelete: 'cascade' }),
    seq: integer('seq').notNull(),
  },
  (table) => [primaryKey({ columns: [table.session_key, table.seq] })],
);

/** One model that an agent named. */
export const models = sqliteTable(
  'models',
  { id: integer('id').primaryKey(), name: text('name').notNull() },
  (table) => [uniqueIndex('models_by_name').on(table.name)],
);

/** Tokens and nano-dollars of one model in one turn; the sum over a turn is what its answer cost. */
export const turnUsage = sqliteTable(
  'turn_usage',
  {
    message_key: integer('message_key')
      .notNull()
      .references(() => messages.key, { onDelete: 'cascade' }),
    model_id: integer('model_id')
      .notNull()
      .references(() => models.id),
    input_tokens: integer('input_tokens').notNull().default(0),
    output_tokens: integer('output_tokens').notNull().default(0),
    cache_read_tokens: integer('cache_read_tokens').notNull().default(0),
    cache_creation_tokens: integer('cache_creation_tokens').notNull().default(0),
    cost_nano: integer('cost_nano').notNull(),
  },
  (table) => [primaryKey({ columns: [table.message_key, table.model_id] })],
);

/** `turn_usage` with the models' names: the view to read. */
export const turnModels = sqliteView('turn_models', {
  message_key: integer('message_key').notNull(),
  model: text('model').notNull(),
  input_tokens: integer('input_tokens').notNull(),
  output_tokens: integer('output_tokens').notNull(),
  cache_read_tokens: integer('cache_read_tokens').notNull(),
  cache_creation_tokens: integer('cache_creation_tokens').notNull(),
  cost_nano: integer('cost_nano').notNull(),
}).existing();
