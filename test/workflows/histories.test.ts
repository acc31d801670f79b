import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { workflowBundle } from '../support/temporal/workflow-bundle.ts';

const folder = fileURLToPath(new URL('../histories', import.meta.url));
const saved = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.json'));

test('there are histories of every released version', () => {
  assert.ok(saved.length >= 6);
});

test('every saved history replays with the code of today', async () => {
  Runtime.install({ logger: new DefaultLogger('ERROR'), shutdownSignals: [] });
  const histories = saved.map((name) => ({
    workflowId: basename(name, '.json'),
    history: JSON.parse(readFileSync(join(folder, name), 'utf8')) as object,
  }));
  const failed: string[] = [];
  const options = { workflowBundle: await workflowBundle() };
  for await (const result of Worker.runReplayHistories(options, histories as never)) {
    if (result.error) failed.push(`${result.workflowId}: ${result.error.message}`);
  }
  assert.deepEqual(failed, []);
});

test('a history whose first activity was another one is found', async () => {
  const text = readFileSync(join(folder, saved[0] ?? ''), 'utf8').replaceAll('"connect"', '"dial"');
  const options = { workflowBundle: await workflowBundle() };
  const results = Worker.runReplayHistories(options, [
    { workflowId: 'changed', history: JSON.parse(text) as object },
  ] as never);
  for await (const result of results) assert.match(String(result.error), /Determinism|nondeterminism/i);
});
