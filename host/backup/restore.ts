import { chmodSync, copyFileSync, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import BetterSqlite3 from 'better-sqlite3';
import { inspectBackup, syncFile, upgradeBackup, type Held } from './backup.ts';
import { dataFiles } from '../config/data-folder.ts';
import { DataLock } from '../processes/data-lock.ts';

/** What was put back, and where that is kept which was there before. */
export interface Restored extends Held {
  kept: string | null;
}

/**
 * Puts a backup in the place of the database. Throws, with everything as it was, while anything uses the database, and when the
 * file is not a complete backup or was made by a newer version's.
 */
export function restore(dataDir: string, file: string): Restored {
  inspectBackup(file);
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const lock = DataLock.take(dataDir);
  const path = dataFiles.database(dataDir);
  const draft = `${path}.restored`;
  try {
    refuseOpenDatabase(path);
    copyFileSync(file, draft);
    chmodSync(draft, 0o600);
    upgradeBackup(draft);
    const held = inspectBackup(draft);
    syncFile(draft);
    const kept = setAside(path);
    renameSync(draft, path);
    syncFile(dataDir);
    return { ...held, kept };
  } finally {
    for (const rest of ['', '-journal', '-wal', '-shm']) rmSync(`${draft}${rest}`, { force: true });
    lock.release();
  }
}

/** Leaving WAL mode needs the file for oneself, and puts all that is in the log into the file. */
function refuseOpenDatabase(path: string): void {
  if (!existsSync(path)) return;
  const db = new BetterSqlite3(path, { timeout: 500 });
  try {
    db.pragma('journal_mode = DELETE');
  } catch (error) {
    const { code = '' } = error as { code?: string };
    if (!code.startsWith('SQLITE_BUSY')) return; // A broken file is what restoring is for.
    throw new Error(`The database is in use: stop xswarm, and whatever else has ${path} open, first`, { cause: error });
  } finally {
    db.close();
  }
}

function setAside(path: string): string | null {
  if (!existsSync(path)) return null;
  const kept = `${path}.before-restore-${new Date().toISOString().replace(/[:.]/g, '-')}`;
  // A log that a broken file left must not be taken for the new one's.
  for (const rest of ['-wal', '-shm', ''])
    if (existsSync(`${path}${rest}`)) renameSync(`${path}${rest}`, `${kept}${rest}`);
  return kept;
}
