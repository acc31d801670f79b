import { chmodSync, existsSync, linkSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import BetterSqlite3 from 'better-sqlite3';
import { inspectBackup } from './backup-file.ts';
import type { Held } from './backup-file.ts';
import { dataFiles } from './data-files.ts';
import { syncFile } from './sync-file.ts';

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
