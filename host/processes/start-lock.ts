import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import BetterSqlite3 from 'better-sqlite3';
import { dataFiles } from '../backup/data-files.ts';

/** The right to be the only `start` on a data folder. */
export interface StartLock {
  release(): void;
}

/** Another `start` runs on the same data folder. */
export class AlreadyRunning extends Error {
  readonly code = 'ALREADY_RUNNING';
  readonly pid: number | null;

  constructor(dataDir: string, pid: number | null) {
    const who = pid === null ? 'another process' : `process ${pid}`;
    super(`xswarm runs already on ${dataDir} (${who}): use that one, stop it, or set XSWARM_HOME to another folder`);
    this.name = 'AlreadyRunning';
    this.pid = pid;
  }
}

/**
 * Takes the lock of a data folder; throws `AlreadyRunning` while another process has it. The operating system gives it
 * back when its holder dies, however it dies: there is no stale lock.
 */
export function takeStartLock(dataDir: string): StartLock {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const holder = dataFiles.lockHolder(dataDir);
  // SQLite's file lock is the portable way to a lock that ends with its process.
  const file = new BetterSqlite3(dataFiles.lock(dataDir), { timeout: 0 });
  try {
    file.pragma('journal_mode = MEMORY');
    file.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    file.close();
    if (!isBusy(error)) throw error;
    throw new AlreadyRunning(dataDir, readPid(holder));
  }
  writeFileSync(holder, `${process.pid}\n`, { mode: 0o600 });
  return {
    release() {
      rmSync(holder, { force: true });
      file.close();
    },
  };
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('SQLITE_BUSY');
}

function readPid(path: string): number | null {
  try {
    const pid = Number(readFileSync(path, 'utf8'));
    return Number.isSafeInteger(pid) && pid > 0 ? pid : null;
  } catch {
    // The holder writes it a moment after it has the lock.
    return null;
  }
}
