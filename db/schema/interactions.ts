import { sql } from 'drizzle-orm';
import { index, integer, sqliteTable, text } from 'drizzle-orm/sqlite-core';
import type { Answer, Interaction, InteractionKind, InteractionStatus } from '../../domain/control/interaction.ts';
import { sessions } from './conversations.ts';

/** One question to a person: open, or how it ended. */
export const interactions = sqliteTable(
  'claude_code_interactions',
  {
    interaction_id: text('interaction_id').primaryKey().notNull(),
    session_id: text('session_id')
      .notNull()
      .references(() => sessions.id, { onDelete: 'cascade' }),
    message_id: text('message_id'),
    kind: text('kind').$type<InteractionKind>().notNull(),
    status: text('status').$type<InteractionStatus>().notNull(),
    /** Small, and unique among the open ones of a user; kept when it ends. */
    number: integer('number').notNull(),
    title: text('title').notNull(),
    detail: text('detail', { mode: 'json' }).$type<Interaction['detail']>().notNull(),
    created_at: text('created_at').notNull(),
    expires_at: text('expires_at'),
    answer: text('answer', { mode: 'json' }).$type<Answer>(),
    answered_by: text('answered_by'),
    answered_via: text('answered_via'),
    /** When it was answered, withdrawn or expired. */
    settled_at: text('settled_at'),
    withdrawn_reason: text('withdrawn_reason'),
  },
  (table) => [
    index('interactions_of_session').on(table.session_id, table.created_at),
    index('interactions_open')
      .on(table.created_at)
      .where(sql`status = 'open'`),
  ],
);
