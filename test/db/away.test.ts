import assert from 'node:assert/strict';
import { test } from 'node:test';
import BetterSqlite3 from 'better-sqlite3';
import { isDatabaseAway } from '../../db/file/away.ts';

const away = (code: string): boolean => isDatabaseAway(new BetterSqlite3.SqliteError('words', code));

test('isDatabaseAway() tells a file that is the trouble from a value that is', () => {
  const files = [
    'SQLITE_BUSY',
    'SQLITE_LOCKED',
    'SQLITE_FULL',
    'SQLITE_IOERR_WRITE',
    'SQLITE_READONLY',
    'SQLITE_CORRUPT',
  ];
  const values = ['SQLITE_CONSTRAINT_UNIQUE', 'SQLITE_CONSTRAINT_NOTNULL', 'SQLITE_TOOBIG', 'SQLITE_MISMATCH'];
  assert.deepEqual([files.filter((code) => !away(code)), values.filter(away)], [[], []]);
});
