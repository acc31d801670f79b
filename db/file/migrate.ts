import { fileURLToPath } from 'node:url';
import type BetterSqlite3 from 'better-sqlite3';
import { readMigrationFiles } from 'drizzle-orm/migrator';
import type { MigrationMeta } from 'drizzle-orm/migrator';

const FOLDER = fileURLToPath(new URL('../migrations', import.meta.url));

/**
 * Applies the migrations that the file lacks, in one transaction, so that of two processes one waits for the other.
 * Keeps drizzle's own table. Throws when the file has one that this version does not know.
 */
export function migrate(client: BetterSqlite3.Database, path: string): void {
  const known = readMigrationFiles({ migrationsFolder: FOLDER });
  if (newestApplied(client) === known.at(-1)?.folderMillis) return;
  client.transaction(() => applyMissing(client, path, known)).immediate();
}

function applyMissing(client: BetterSqlite3.Database, path: string, known: MigrationMeta[]): void {
  client.exec(
    'CREATE TABLE IF NOT EXISTS __drizzle_migrations (id INTEGER PRIMARY KEY, hash TEXT NOT NULL, created_at NUMERIC)',
  );
  const applied = newestApplied(client);
  const newest = known.at(-1)?.folderMillis ?? 0;
  if (applied > newest) {
    throw new Error(
      `Database was made by a newer version of xswarm: ${path}: upgrade xswarm, or use another data folder`,
    );
  }
  const record = client.prepare('INSERT INTO __drizzle_migrations (hash, created_at) VALUES (?, ?)');
  for (const migration of known.filter(({ folderMillis }) => folderMillis > applied)) {
    for (const statement of migration.sql) client.exec(statement);
    record.run(migration.hash, migration.folderMillis);
  }
}

function newestApplied(client: BetterSqlite3.Database): number {
  const table = client.prepare("SELECT 1 FROM sqlite_master WHERE name = '__drizzle_migrations'").get();
  if (table === undefined) return 0;
  const row = client.prepare('SELECT max(created_at) AS newest FROM __drizzle_migrations').get() as {
    newest: number | null;
  };
  return row.newest ?? 0;
}
