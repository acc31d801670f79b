import { chmodSync, closeSync, existsSync, fsyncSync, linkSync, openSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import BetterSqlite3 from 'better-sqlite3';
import { closeDatabase, openDatabase } from '../../db/file/open.ts';
import { dataFiles } from '../config/data-folder.ts';

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
    throw new Error(`${path} is not a complete copy of xswarm's database: ${(error as Error).message}`, {
      cause: error,
    });
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

const PAGES_A_STEP = 500;

/**
 * Copies the database of a data folder as of one moment, also while it is written to. The copy gets its name once it is whole
 * and on the disk; throws when that name is taken.
 */
export async function backUp(dataDir: string, file: string): Promise<Held> {
  const path = dataFiles.database(dataDir);
  if (!existsSync(path)) throw new Error(`There is no database at ${path} yet`);
  if (existsSync(file)) throw new Error(`${file} is there already: choose another name`);
  const draft = `${file}.${process.pid}.part`;
  const db = new BetterSqlite3(path, { readonly: true, timeout: 10_000 });
  try {
    // Read in one go: what is committed meanwhile would begin the copy anew.
    db.exec('BEGIN');
    db.prepare('SELECT count(*) FROM sqlite_master').get();
    await db.backup(draft, { progress: () => PAGES_A_STEP });
    db.exec('COMMIT');
    chmodSync(draft, 0o600);
    const held = inspectBackup(draft);
    syncFile(draft);
    // A link, unlike a rename, fails when somebody was faster.
    linkSync(draft, file);
    syncFile(dirname(file));
    return held;
  } finally {
    db.close();
    for (const rest of ['', '-journal', '-wal', '-shm']) rmSync(`${draft}${rest}`, { force: true });
  }
}

/** Presses a file, or the names in a folder, onto the disk. */
export function syncFile(path: string): void {
  const file = openSync(path, 'r');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
