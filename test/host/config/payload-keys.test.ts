import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { loadPayloadKeys, requirePayloadKeys } from '../../../host/config/payload-keys.ts';
import type { Config } from '../../../host/config/sections.ts';
import { createKeyRing } from '../../../temporal/payloads/key-ring.ts';

function dataFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'xswarm-keys-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

const configured = (payload_keys = ''): Config => ({ temporal: { payload_keys } }) as Config;
const fileOf = (dataDir: string): string => join(dataDir, 'secrets', 'payload-keys');

test('loadPayloadKeys() creates one key at the first start, for its owner alone, and keeps it', (t) => {
  const dataDir = dataFolder(t);
  const { ids } = loadPayloadKeys(configured(), dataDir);
  assert.equal(ids.length, 1);
  assert.equal(statSync(fileOf(dataDir)).mode & 0o777, 0o600);
  assert.deepEqual(loadPayloadKeys(configured(), dataDir).ids, ids);
  assert.deepEqual(requirePayloadKeys(configured(), dataDir).ids, ids);
});

test('loadPayloadKeys() takes a key that was appended to the file', (t) => {
  const dataDir = dataFolder(t);
  const [first] = loadPayloadKeys(configured(), dataDir).ids;
  writeFileSync(fileOf(dataDir), `${readFileSync(fileOf(dataDir), 'utf8')}${createKeyRing()}\n`);
  const { ids } = loadPayloadKeys(configured(), dataDir);
  assert.deepEqual([ids.length, ids.includes(first ?? '')], [2, true]);
});

test('loadPayloadKeys() refuses to start without a key that was used, and says what to do', (t) => {
  const dataDir = dataFolder(t);
  const [first = ''] = loadPayloadKeys(configured(), dataDir).ids;
  const lost = new RegExp(`Payload keys are lost: ${first}.*Put secrets/payload-keys.*remove .*payload-keys\\.used`);
  assert.throws(() => loadPayloadKeys(configured(createKeyRing()), dataDir), lost);
  rmSync(fileOf(dataDir));
  assert.throws(() => loadPayloadKeys(configured(), dataDir), lost);
  rmSync(join(dataDir, 'payload-keys.used'));
  assert.notDeepEqual(loadPayloadKeys(configured(), dataDir).ids, [first]);
});

test('requirePayloadKeys() makes no keys of its own for a worker', (t) => {
  const dataDir = dataFolder(t);
  assert.throws(
    () => requirePayloadKeys(configured(), dataDir),
    /set \[temporal\] payload_keys to the keys of the API/,
  );
  assert.equal(requirePayloadKeys(configured(createKeyRing()), dataDir).ids.length, 1);
});
