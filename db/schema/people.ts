import { index, integer, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core';

/** One person or program that may have sessions. */
export const users = sqliteTable(
  'users',
  {
    id: text('id').primaryKey().notNull(),
    phone: text('phone'),
    email: text('email'),
    admin: integer('admin', { mode: 'boolean' }).notNull().default(false),
    default_project: text('default_project'),
    created_at: text('created_at').notNull(),
  },
  (table) => [uniqueIndex('users_by_phone').on(table.phone), uniqueIndex('users_by_email').on(table.email)],
);

/** One bearer token of a user; only the SHA-256 of its secret is kept. */
export const apiTokens = sqliteTable(
  'api_tokens',
  {
    id: text('id').primaryKey().notNull(),
    user_id: text('user_id')
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    name: text('name'),
    hash: text('hash').notNull(),
    created_at: text('created_at').notNull(),
    last_used_at: text('last_used_at'),
    revoked_at: text('revoked_at'),
  },
  (table) => [index('tokens_of_user').on(table.user_id)],
);
