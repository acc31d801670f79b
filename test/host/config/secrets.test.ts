import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { loadOrCreateSecret } from '../../../host/config/secrets.ts';

const run = promisify(execFile);
const tempDir = (): string => mkdtempSync(join(tmpdir(), 'xswarm-secrets-'));

test('loadOrCreateSecret() makes a long secret once, for its owner alone', () => {
  const dataDir = tempDir();
  const secret = loadOrCreateSecret(dataDir, 'gateway-token');
  assert.match(secret, /^[\w-]{43}$/);
  assert.equal(loadOrCreateSecret(dataDir, 'gateway-token'), secret);
  assert.notEqual(loadOrCreateSecret(dataDir, 'supervisor-token'), secret);
  assert.equal(statSync(join(dataDir, 'secrets', 'gateway-token')).mode & 0o777, 0o600);
});

test('loadOrCreateSecret() closes a file that others could read', () => {
  const dataDir = tempDir();
  loadOrCreateSecret(dataDir, 'gateway-token');
  chmodSync(join(dataDir, 'secrets', 'gateway-token'), 0o644);
  loadOrCreateSecret(dataDir, 'gateway-token');
  assert.equal(statSync(join(dataDir, 'secrets', 'gateway-token')).mode & 0o777, 0o600);
});

test('loadOrCreateSecret() refuses an empty file instead of running without a secret', () => {
  const dataDir = tempDir();
  loadOrCreateSecret(dataDir, 'gateway-token');
  writeFileSync(join(dataDir, 'secrets', 'gateway-token'), '');
  assert.throws(() => loadOrCreateSecret(dataDir, 'gateway-token'), /Secret file is empty/);
});

test('eight processes that make one secret at the same time all get the same, and leave no drafts', async () => {
  const dataDir = tempDir();
  const source = new URL('../../../host/config/secrets.ts', import.meta.url).href;
  const script = `import { loadOrCreateSecret } from ${JSON.stringify(source)};
    console.log(loadOrCreateSecret(${JSON.stringify(dataDir)}, 'internal-token'));`;
  const runs = Array.from({ length: 8 }, () =>
    run(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script]),
  );
  const secrets = (await Promise.all(runs)).map(({ stdout }) => stdout.trim());
  assert.equal(new Set(secrets).size, 1);
  assert.deepEqual(readdirSync(join(dataDir, 'secrets')), ['internal-token']);
});
