import BetterSqlite3 from 'better-sqlite3';
import { drizzle } from 'drizzle-orm/better-sqlite3';
import type { BetterSQLite3Database } from 'drizzle-orm/better-sqlite3';
import { migrate } from './migrate.ts';
import { makeWriteHealth } from './write-health.ts';
import type { WriteHealth } from './write-health.ts';

/** The product's SQLite file, open in this process; `$client` is the driver's own handle. */
export type Database = BetterSQLite3Database & {
  $client: BetterSqlite3.Database;
  /**
   * Runs a commit that need not survive a power cut, only the death of the process: what can be made again from
   * Temporal and the gateway's journal. A later commit of the other kind syncs it too.
   */
  relaxed<T>(commit: () => T): T;
  health: WriteHealth;
};

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
    const health = makeWriteHealth(client);
    client.pragma('journal_mode = WAL');
    client.pragma(`synchronous = ${options.durability === 'full' ? 'FULL' : 'NORMAL'}`);
    client.pragma('foreign_keys = ON');
    migrate(client, options.path);
    return Object.assign(drizzle(client), { relaxed: makeRelaxed(client, options.durability), health });
  } catch (error) {
    client.close();
    throw error;
  }
}

function makeRelaxed(client: BetterSqlite3.Database, durability: OpenOptions['durability']): Database['relaxed'] {
  if (durability === 'normal') return (commit) => commit();
  return (commit) => {
    client.pragma('synchronous = NORMAL');
    try {
      return commit();
    } finally {
      if (client.open) client.pragma('synchronous = FULL');
    }
  };
}

/** Closes the file; later calls on `db` throw. */
export function closeDatabase(db: Database): void {
  db.$client.close();
}
