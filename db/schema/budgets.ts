import { index, integer, primaryKey, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core';
import type { AtLimit, BudgetPeriod, BudgetScope } from '../../domain/money/budget.ts';
import { sessions } from './conversations.ts';

/** One limit on spending. `spent_nano` counts the settled turns of the period that begins at `period_start`. */
export const budgets = sqliteTable(
  'budgets',
  {
    budget_id: text('budget_id').primaryKey().notNull(),
    scope: text('scope').$type<BudgetScope>().notNull(),
    scope_id: text('scope_id').notNull(),
    period: text('period').$type<BudgetPeriod>().notNull(),
    limit_nano: integer('limit_nano').notNull(),
    at_limit: text('at_limit').$type<AtLimit>().notNull(),
    alert_at: text('alert_at', { mode: 'json' }).$type<number[]>().notNull(),
    time_zone: text('time_zone').notNull(),
    period_start: text('period_start'),
    period_end: text('period_end'),
    spent_nano: integer('spent_nano').notNull(),
    created_at: text('created_at').notNull(),
    updated_at: text('updated_at').notNull(),
  },
  (table) => [uniqueIndex('budgets_by_scope').on(table.scope, table.scope_id, table.period)],
);

/** What one running turn may spend before it has to ask again: reserved in every budget that covers its session. */
export const budgetGrants = sqliteTable('budget_grants', {
  message_id: text('message_id').primaryKey().notNull(),
  session_id: text('session_id').notNull(),
  user_id: text('user_id').notNull(),
  project_path: text('project_path').notNull(),
  amount_nano: integer('amount_nano').notNull(),
  created_at: text('created_at').notNull(),
});

/**
 * What a session spent within a quarter of an hour, kept by triggers in the transaction that mirrors a turn. The slot is the
 * number of the quarter since 1970, so that days are whole slots in every time zone. `model_id` 0 is the whole of it, as the
 * messages say; the other rows are its parts by model, with their tokens.
 */
export const costSums = sqliteTable(
  'cost_sums',
  {
    slot: integer('slot').notNull(),
    session_key: integer('session_key')
      .notNull()
      .references(() => sessions.key, { onDelete: 'cascade' }),
    model_id: integer('model_id').notNull(),
    cost_nano: integer('cost_nano').notNull(),
    input_tokens: integer('input_tokens').notNull(),
    output_tokens: integer('output_tokens').notNull(),
    cache_read_tokens: integer('cache_read_tokens').notNull(),
    cache_creation_tokens: integer('cache_creation_tokens').notNull(),
    /** Messages to the agent (`model_id` 0), or turns of the model. */
    messages: integer('messages').notNull(),
    /** Turns whose cost is not known (only of `model_id` 0). */
    unknown: integer('unknown').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.slot, table.session_key, table.model_id] }),
    index('cost_sums_of_session').on(table.session_key),
  ],
);
