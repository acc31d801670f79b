import { accessSync, constants, existsSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import BetterSqlite3 from 'better-sqlite3';
import { dataFiles } from '../backup/data-files.ts';
import type { Finding } from './finding.ts';

const MEBIBYTE = 1024 * 1024;

/** Checks that the data folder can be written and has room. */
export async function checkDisk(dataDir: string): Promise<Finding> {
  const check = 'Data folder';
  let folder = dataDir;
  while (!existsSync(folder) && dirname(folder) !== folder) folder = dirname(folder);
  try {
    accessSync(folder, constants.W_OK);
  } catch {
    const todo = 'Give this user the right to write there, or set XSWARM_HOME to another folder';
    return { check, state: 'fail', text: `${dataDir} cannot be written`, todo };
  }
  const { bavail, bsize } = await statfs(folder);
  const free = Math.floor((bavail * bsize) / MEBIBYTE);
  const text = `${dataDir}, ${free >= 10_240 ? `${Math.floor(free / 1024)} GiB` : `${free} MiB`} free`;
  const todo = 'Make room on the disk, or set XSWARM_HOME to a folder on another one';
  if (free < 200) return { check, state: 'fail', text, todo };
  return free < 1_024 ? { check, state: 'warn', text, todo } : { check, state: 'ok', text };
}

/** Checks that the database opens and is whole; one that is not there yet is made by the first start. */
export function checkDatabase(dataDir: string): Finding {
  const check = 'Database';
  const path = dataFiles.database(dataDir);
  if (!existsSync(path)) return { check, state: 'ok', text: 'not there yet: the first start makes it' };
  try {
    const db = new BetterSqlite3(path, { readonly: true, timeout: 5_000 });
    try {
      const result = db.pragma('quick_check(1)', { simple: true });
      if (result !== 'ok') throw new Error(String(result));
      const sessions = db.prepare('SELECT count(*) FROM claude_code_sessions').pluck().get();
      return { check, state: 'ok', text: `${path}, ${String(sessions)} sessions` };
    } finally {
      db.close();
    }
  } catch (error) {
    const text = `${path} is damaged: ${(error as Error).message}`;
    return { check, state: 'fail', text, todo: 'Put back a backup of the file, or move it away' };
  }
}
