import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { closeDatabase, openDatabase } from '../../db/file/open.ts';
import { openTestDb } from '../support/open-test-db.ts';

const run = promisify(execFile);

function emptyFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'xswarm-open-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

test('openDatabase() syncs each commit with durability full, but for the relaxed ones', (t) => {
  const path = join(emptyFolder(t), 'xswarm.db');
  const db = openDatabase({ path, durability: 'full' });
  const level = (): unknown => db.$client.pragma('synchronous', { simple: true });
  assert.equal(db.$client.pragma('journal_mode', { simple: true }), 'wal');
  assert.deepEqual([level(), db.relaxed(level), level()], [2, 1, 2]);
  assert.throws(() => db.relaxed(() => assert.fail('no')), { message: 'no' });
  assert.equal(level(), 2);
  closeDatabase(db);
});

test('openDatabase() opens a file again, and keeps what is in it', (t) => {
  const db = openTestDb(t);
  db.$client.exec("INSERT INTO users (id, created_at) VALUES ('ann', '')");
  const again = openDatabase({ path: db.path, durability: 'normal' });
  assert.equal(again.$client.prepare('SELECT count(*) FROM users').pluck().get(), 1);
  closeDatabase(again);
});

test('openDatabase() of several processes at once makes one schema', async (t) => {
  const path = join(emptyFolder(t), 'xswarm.db');
  const module = fileURLToPath(new URL('../../db/file/open.ts', import.meta.url));
  const script = `const { openDatabase } = await import(${JSON.stringify(module)});
    openDatabase({ path: ${JSON.stringify(path)}, durability: 'full' }).$client.exec('SELECT 1 FROM claude_code_sessions');`;
  const open = (): Promise<unknown> => run(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script]);
  await Promise.all([open(), open(), open()]);
  const db = openDatabase({ path, durability: 'normal' });
  const migrations = readdirSync(new URL('../../db/migrations', import.meta.url)).filter((file) =>
    file.endsWith('.sql'),
  );
  assert.equal(db.$client.prepare('SELECT count(*) FROM __drizzle_migrations').pluck().get(), migrations.length);
  closeDatabase(db);
});

test('openDatabase() refuses a file that a newer version made', (t) => {
  const db = openTestDb(t);
  db.$client.exec("INSERT INTO __drizzle_migrations (hash, created_at) VALUES ('later', 9999999999999)");
  assert.throws(() => openDatabase({ path: db.path, durability: 'normal' }), {
    message: `Database was made by a newer version of xswarm: ${db.path}: upgrade xswarm, or use another data folder`,
  });
});

test('openDatabase() refuses a file that is no database', (t) => {
  const path = join(emptyFolder(t), 'xswarm.db');
  writeFileSync(path, 'this is no database at all, it is a text'.repeat(100));
  assert.throws(() => openDatabase({ path, durability: 'normal' }), { code: 'SQLITE_NOTADB' });
});
