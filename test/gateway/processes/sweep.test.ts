import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { findTagged } from '../../../gateway/processes/process-table.ts';
import { endTagged } from '../../../gateway/processes/sweep.ts';
import { until } from '../../support/until.ts';

/** Does not obey, and starts another process every few milliseconds, each in a session of its own. */
const HYDRA = "trap '' TERM; while :; do setsid sleep 60 & sleep 0.01; done";

test('endTagged() ends also what was started while it was ending, and resolves when all are gone', async () => {
  const id = randomUUID();
  const ids = new Set([id]);
  spawn('sh', ['-c', HYDRA], { env: { PATH: process.env.PATH, XSWARM_AGENT_ID: id }, stdio: 'ignore' });
  await until('the tagged processes run', async () => (await findTagged(ids)).length > 3);
  assert.ok((await endTagged(ids, 50)) > 3);
  assert.deepEqual(await findTagged(ids), []);
});
