import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { DataLock } from '../../host/processes/data-lock.ts';

const skip = process.platform === 'win32' ? 'Windows has no file modes' : false;

test('a data folder that others can read is closed to them at the start', { skip }, (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'xswarm-mode-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  chmodSync(folder, 0o755);

  DataLock.take(folder).release();

  assert.equal(statSync(folder).mode & 0o777, 0o700);
});

test('a folder that is shared by design is refused as data folder, and keeps its mode', { skip }, (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'xswarm-mode-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  chmodSync(folder, 0o1777);

  assert.throws(() => DataLock.take(folder), /shared with other users/);
  assert.equal(statSync(folder).mode & 0o7777, 0o1777);
});
