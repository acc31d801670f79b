import BetterSqlite3 from 'better-sqlite3';
import { XswarmError } from '../../domain/errors.ts';

/** The beginnings of SQLite's codes that speak of what was to be written. */
const ABOUT_VALUES: readonly string[] = ['SQLITE_CONSTRAINT', 'SQLITE_MISMATCH', 'SQLITE_TOOBIG'];

/** Whether the file itself is the trouble: locked for long, full, gone, closed. */
export function isDatabaseAway(error: unknown): boolean {
  if (error instanceof BetterSqlite3.SqliteError) return !ABOUT_VALUES.some((code) => error.code.startsWith(code));
  return error instanceof TypeError && error.message.includes('database connection is not open');
}

/** The beginnings of SQLite's codes, and what they mean to who runs the machine. */
const REASONS: readonly [code: string, words: string][] = [
  ['SQLITE_FULL', 'the disk is full'],
  ['SQLITE_READONLY', 'its file is read-only'],
  ['SQLITE_BUSY', 'another program has it locked'],
  ['SQLITE_LOCKED', 'another program has it locked'],
  ['SQLITE_CORRUPT', 'its file is damaged'],
  ['SQLITE_NOTADB', 'its file is damaged'],
  ['SQLITE_CANTOPEN', 'its file cannot be opened'],
  ['SQLITE_IOERR', 'the disk reports an error'],
];

/** The error that callers get for one of `isDatabaseAway`: `UNAVAILABLE` with the reason. */
export function databaseAway(error: unknown): XswarmError {
  const { code = '' } = error as { code?: string };
  const [, words] = REASONS.find(([beginning]) => code.startsWith(beginning)) ?? [];
  const message = `Database cannot be reached${words === undefined ? '' : `: ${words}`}`;
  return new XswarmError('UNAVAILABLE', message, { cause: error, details: { retry_after_seconds: 2 } });
}
