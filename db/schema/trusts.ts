import { sqliteTable, text } from 'drizzle-orm/sqlite-core';

/** One folder whose settings were trusted, as they were then. */
export const projectTrusts = sqliteTable('project_trusts', {
  project_path: text('project_path').primaryKey().notNull(),
  digest: text('digest').notNull(),
  trusted_by: text('trusted_by'),
  trusted_at: text('trusted_at').notNull(),
});
