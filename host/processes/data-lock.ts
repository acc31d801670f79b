import { chmodSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import BetterSqlite3 from 'better-sqlite3';
import { dataFiles } from '../config/data-folder.ts';

/** Another `start`, `serve` or `restore` uses the data folder. */
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
 * The right to be the only server on a data folder: `start` and `serve --roles api` take the same lock. The operating system
 * releases it when its holder dies, so there are no stale locks.
 */
export class DataLock {
  readonly #file: BetterSqlite3.Database;
  readonly #holder: string;

  private constructor(file: BetterSqlite3.Database, holder: string) {
    this.#file = file;
    this.#holder = holder;
  }

  /** Makes the folder private (mode 0700) and takes the lock. Throws `AlreadyRunning` while another process holds it. */
  static take(dataDir: string): DataLock {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    closeToOthers(dataDir);
    const holder = dataFiles.lockHolder(dataDir);
    // SQLite's file lock is a portable lock that ends with its process.
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
    return new DataLock(file, holder);
  }

  /** Takes the lock; returns null where the parent of this process holds it, because then this is a part of that `start`. */
  static takeUnlessParentHolds(dataDir: string): DataLock | null {
    try {
      return DataLock.take(dataDir);
    } catch (error) {
      if (error instanceof AlreadyRunning && error.pid === process.ppid) return null;
      throw error;
    }
  }

  release(): void {
    rmSync(this.#holder, { force: true });
    this.#file.close();
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('SQLITE_BUSY');
}

/** Sets mode 0700. Throws where the folder is shared by design, such as `/tmp`, or belongs to another user. */
function closeToOthers(dataDir: string): void {
  if (process.platform === 'win32') return;
  const { mode } = statSync(dataDir);
  if ((mode & 0o1000) !== 0) throw new Error(`The data folder is shared with other users: ${dataDir}; set XSWARM_HOME`);
  if ((mode & 0o077) !== 0) chmodSync(dataDir, 0o700);
}

function readPid(path: string): number | null {
  try {
    const pid = Number(readFileSync(path, 'utf8'));
    return Number.isSafeInteger(pid) && pid > 0 ? pid : null;
  } catch {
    // The holder writes the file a moment after it has taken the lock.
    return null;
  }
}
