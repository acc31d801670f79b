import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { workerConverter } from '../../temporal/payloads/data-converter.ts';
import { createKeyRing, KeyRing } from '../../temporal/payloads/key-ring.ts';
import { workflowBundle } from '../support/temporal/workflow-bundle.ts';

const folder = fileURLToPath(new URL('../histories', import.meta.url));
/** Made after the sessions of the histories: they are plain, and must replay where payloads are encrypted. */
const dataConverter = workerConverter(new KeyRing(createKeyRing()));
const saved = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.json'));

/** The histories that each release left. They are never edited, and a missing one would let a broken replay pass. */
const REQUIRED: Record<string, string[]> = {
  '0.1.0': [
    'agent-never-there-first',
    'background-task-first',
    'broken-line-first',
    'ended-in-mid-turn-first',
    'idle-while-gateway-away-first',
    'many-runs-first',
    'many-runs-last',
    'talk-idle-resume-timeout-first',
  ],
};

test('every history that a release saved is there, and every release has its list', () => {
  const required = Object.entries(REQUIRED).flatMap(([release, names]) =>
    names.map((name) => `${release}/${name}.json`),
  );
  assert.deepEqual(saved.toSorted(), required.toSorted());
});

test('every saved history replays with the code of today', async () => {
  Runtime.install({ logger: new DefaultLogger('ERROR'), shutdownSignals: [] });
  const histories = saved.map((name) => ({
    workflowId: basename(name, '.json'),
    history: JSON.parse(readFileSync(join(folder, name), 'utf8')) as object,
  }));
  const failed: string[] = [];
  const options = { workflowBundle: await workflowBundle(), dataConverter };
  for await (const result of Worker.runReplayHistories(options, histories as never)) {
    if (result.error) failed.push(`${result.workflowId}: ${result.error.message}`);
  }
  assert.deepEqual(failed, []);
});

test('a history whose first activity was another one is found', async () => {
  const text = readFileSync(join(folder, saved[0] ?? ''), 'utf8').replaceAll('"connect"', '"dial"');
  const options = { workflowBundle: await workflowBundle(), dataConverter };
  const results = Worker.runReplayHistories(options, [
    { workflowId: 'changed', history: JSON.parse(text) as object },
  ] as never);
  for await (const result of results) assert.match(String(result.error), /Determinism|nondeterminism/i);
});
