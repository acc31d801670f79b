import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test, type TestContext } from 'node:test';
import { CancelledFailure } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { Connections } from '../../activities/line/connections.ts';
import { makeActivities } from '../../activities/index.ts';
import type { Lease, ConnectInput, Connected, Released, ReleaseInput } from '../../workflows/session-activities.ts';
import { TEST_TOKEN } from '../support/gateway/gateway-client.ts';
import { holdStarts, type HeldStarts } from '../support/gateway/held-starts.ts';
import { snapshotOf } from '../support/histories.ts';
import { makeMemoryMirror, type MemoryMirror } from '../support/api/memory-mirror.ts';
import { until } from '../support/until.ts';
import { startTestGateway } from '../support/gateway/test-gateway.ts';

interface Connecting {
  held: HeldStarts;
  mirror: MemoryMirror;
  cancel: () => void;
  connected: Promise<Connected>;
  /** What the workflow does with a session that is to end. */
  release: (epoch?: number) => Promise<Released>;
}

/** A session that connects, and whose agent is starting. */
async function connecting(t: TestContext, options: { deaf?: boolean; leftMs?: number } = {}): Promise<Connecting> {
  const held = holdStarts(options);
  const gate = await startTestGateway({ around: { driver: held.driver } });
  const mirror = makeMemoryMirror();
  const connections = new Connections({ url: gate.gateway.url, token: TEST_TOKEN, mirror, turnLimitSeconds: 0 });
  t.after(async () => {
    connections.closeAll();
    await gate.close();
  });
  const activities = makeActivities({ connections, mirror });
  const connect = (input: ConnectInput): Promise<Connected> => activities.connect(input);
  const release = (input: ReleaseInput): Promise<Released> => activities.release(input);
  const session_id = randomUUID();
  const lease: Lease = { session_id, project_path: gate.project, options: {}, epoch: 1, cursor: 0 };
  const times = { scheduledTimestampMs: 1_000, currentAttemptScheduledTimestampMs: 20_000 };
  const { leftMs = 60_000 } = options;
  const env = new MockActivityEnvironment({ ...times, scheduleToCloseTimeoutMs: 19_000 + leftMs });
  const connected: Promise<Connected> = env.run(connect, { lease, snapshot: snapshotOf({ session_id }) });
  const ending = { mode: 'close', reason: 'User requested', snapshot: null } as const;
  connected.catch(() => undefined);
  await until('a start began', () => held.counts.begun === 1);
  return {
    held,
    mirror,
    cancel: () => env.cancel(),
    connected,
    release: (epoch = 1) => {
      const input: ReleaseInput = { ...ending, lease: { ...lease, epoch } };
      return new MockActivityEnvironment().run(release, input);
    },
  };
}

test('connect() that is cancelled stops waiting, and the start of the agent is given up', async (t) => {
  const { held, mirror, cancel, connected } = await connecting(t);
  cancel();
  await assert.rejects(connected, CancelledFailure);
  await until('the start is given up', () => held.counts.givenUp === 1);
  assert.deepEqual(mirror.batches, []);
});

test('an agent that comes up behind a cancelled connect() is ended', async (t) => {
  const { held, cancel, connected } = await connecting(t, { deaf: true });
  cancel();
  await assert.rejects(connected, CancelledFailure);
  await until('the start is given up', () => held.counts.givenUp === 1);
  held.letGo();
  await until('the agent is ended', () => held.counts.ended === 1);
});

test('release() of a session that was connecting waits for no agent', async (t) => {
  const { cancel, release } = await connecting(t);
  cancel();
  assert.equal((await release()).let_go, true);
});

test('connect() gives its last try up before the time of all tries is over, for good', async (t) => {
  const began = performance.now();
  const { held, connected } = await connecting(t, { leftMs: 1_500 });
  await assert.rejects(connected, { type: 'AGENT_UNREACHABLE', nonRetryable: true });
  const tookMs = performance.now() - began;
  assert.ok(tookMs > 900 && tookMs < 1_500, `${tookMs} ms`);
  await until('the start is given up', () => held.counts.givenUp === 1);
});

test('release() with a higher lease ends the start of an agent that a connect still waits for', async (t) => {
  const { held, connected, release } = await connecting(t);
  assert.equal((await release(2)).let_go, true);
  await assert.rejects(connected, { type: 'LEASE_LOST' });
  await until('the start is given up', () => held.counts.givenUp === 1);
});
