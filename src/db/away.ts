import BetterSqlite3 from 'better-sqlite3';

/** Whether the file itself is the trouble: locked for long, full, gone, closed. */
export function isDatabaseAway(error: unknown): boolean {
  if (error instanceof BetterSqlite3.SqliteError) return !error.code.startsWith('SQLITE_CONSTRAINT');
  return error instanceof TypeError && error.message.includes('database connection is not open');
}
