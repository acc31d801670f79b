import { index, integer, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core';
import type { AuditEntry } from '../../domain/access/audit.ts';

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
    expires_at: text('expires_at'),
    revoked_at: text('revoked_at'),
  },
  (table) => [index('tokens_of_user').on(table.user_id)],
);

/** One browser that is logged in to the page; it ends with the API token that it was made of. */
export const logins = sqliteTable(
  'logins',
  {
    id: text('id').primaryKey().notNull(),
    user_id: text('user_id')
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    token_id: text('token_id').references(() => apiTokens.id, { onDelete: 'cascade' }),
    hash: text('hash').notNull(),
    device: text('device').notNull(),
    created_at: text('created_at').notNull(),
    last_used_at: text('last_used_at').notNull(),
    expires_at: text('expires_at').notNull(),
  },
  (table) => [index('logins_of_user').on(table.user_id)],
);

/** One code that logs a browser in, until it is used; only its SHA-256 is kept. */
export const loginCodes = sqliteTable('login_codes', {
  hash: text('hash').primaryKey().notNull(),
  user_id: text('user_id')
    .notNull()
    .references(() => users.id, { onDelete: 'cascade' }),
  expires_at: text('expires_at').notNull(),
});

/** One thing that somebody did or was refused; the newest 100,000 are kept. */
export const audit = sqliteTable('audit', {
  id: integer('id').primaryKey({ autoIncrement: true }),
  at: text('at').notNull(),
  who: text('who'),
  door: text('door').$type<AuditEntry['door']>().notNull(),
  evidence: text('evidence').$type<AuditEntry['evidence']>().notNull(),
  action: text('action').$type<AuditEntry['action']>().notNull(),
  object: text('object'),
  outcome: text('outcome').$type<AuditEntry['outcome']>().notNull(),
  reason: text('reason'),
});
