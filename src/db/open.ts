import BetterSqlite3 from 'better-sqlite3';
import { drizzle } from 'drizzle-orm/better-sqlite3';
import type { BetterSQLite3Database } from 'drizzle-orm/better-sqlite3';
import { migrate } from './migrate.ts';

/** The product's SQLite file, open in this process; `$client` is the driver's own handle. */
export type Database = BetterSQLite3Database & { $client: BetterSqlite3.Database };

export interface OpenOptions {
  /** The file; its folder is there already. */
  path: string;
  /** `full` syncs every commit to the disk; `normal` survives killed processes only. */
  durability: 'full' | 'normal';
}

/**
 * Opens the file, in WAL mode so that others may read it meanwhile, and brings its schema up to date.
 * Throws when the file was made by a newer version, or is no SQLite file.
 */
export function openDatabase(options: OpenOptions): Database {
  const client = new BetterSqlite3(options.path);
  try {
    client.pragma('busy_timeout = 5000');
    client.pragma('journal_mode = WAL');
    client.pragma(`synchronous = ${options.durability === 'full' ? 'FULL' : 'NORMAL'}`);
    client.pragma('foreign_keys = ON');
    migrate(client, options.path);
    return drizzle(client);
  } catch (error) {
    client.close();
    throw error;
  }
}

/** Closes the file; later calls on `db` throw. */
export function closeDatabase(db: Database): void {
  db.$client.close();
}
