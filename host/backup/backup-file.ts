import BetterSqlite3 from 'better-sqlite3';
import { closeDatabase, openDatabase } from '../../db/open.ts';

/** What a copy of the database holds. */
export interface Held {
  users: number;
  sessions: number;
  messages: number;
}

/** Checks that a copy of the database is whole and counts what is in it. Throws with what is wrong with it. */
export function inspectBackup(path: string): Held {
  let db: BetterSqlite3.Database;
  try {
    db = new BetterSqlite3(path, { readonly: true, fileMustExist: true });
  } catch (error) {
    throw new Error(`Cannot open ${path}: ${(error as Error).message}`, { cause: error });
  }
  try {
    const found: unknown = db.pragma('integrity_check(1)', { simple: true });
    if (found !== 'ok') throw new Error(String(found));
    const count = (table: string): number => db.prepare(`SELECT count(*) FROM ${table}`).pluck().get() as number;
    return {
      users: count('users'),
      sessions: count('claude_code_sessions'),
      messages: count('claude_code_messages'),
    };
  } catch (error) {
    throw new Error(`${path} is no whole copy of xswarm's database: ${(error as Error).message}`, { cause: error });
  } finally {
    db.close();
  }
}

/** Brings a copy's tables up to date, so that it can be used by this version. Throws when a newer one made it. */
export function upgradeBackup(path: string): void {
  const db = openDatabase({ path, durability: 'full' });
  // One file without a log beside it can be moved.
  db.$client.pragma('journal_mode = DELETE');
  closeDatabase(db);
}
