import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { workerConverter } from '../../temporal/payloads/data-converter.ts';
import { KeyRing } from '../../temporal/payloads/key-ring.ts';
import { TEST_SECRET } from '../support/temporal/temporal-env.ts';
import { workflowBundle } from '../support/temporal/workflow-bundle.ts';

const folder = fileURLToPath(new URL('../histories', import.meta.url));
/** Its time is now: plain histories of earlier releases must replay where payloads are encrypted, and encrypted ones as well. */
const ring = new KeyRing(`${Math.ceil(Date.now() / 1_000)}.${TEST_SECRET}`);
const dataConverter = workerConverter(ring);
const saved = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.json'));

/** A saved history with its workflow id: encrypted payloads belong to that workflow. */
function savedHistory(name: string): { workflowId: string; history: object } {
  const text = readFileSync(join(folder, name), 'utf8');
  const workflowId = /"workflowId":\s*"([^"]+)"/.exec(text)?.[1] ?? basename(name, '.json');
  return { workflowId, history: JSON.parse(text) as object };
}

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
  const histories = saved.map(savedHistory);
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
