import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import test, { after, before } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { Worker } from '@temporalio/worker';
import { makeConnect } from '../../activities/connect.ts';
import type { SessionSnapshot } from '../../domain/mirror/mirror-write.ts';
import type { SessionStart } from '../../domain/session/session-workflows.ts';
import { workerConverter } from '../../temporal/payloads/data-converter.ts';
import { makeSessionWorkflows } from '../../temporal/session-workflows.ts';
import { TASK_QUEUE } from '../../temporal/settings.ts';
import { workflowIdOf } from '../../workflows/definitions.ts';
import type { SessionActivities } from '../../workflows/session-activities.ts';
import type { SessionState } from '../../workflows/state/session-state.ts';
import { snapshotOf } from '../../workflows/state/session-views.ts';
import { makeMemoryMirror } from '../support/api/memory-mirror.ts';
import { scriptedAgent } from '../support/gateway/scripted-agent.ts';
import { startTemporalEnv, type TemporalEnv } from '../support/temporal/temporal-env.ts';
import { workflowBundle } from '../support/temporal/workflow-bundle.ts';

/** The tries of a first connection are given 20 s. */
const LONGER_MS = 21_000;

let temporal: TemporalEnv;
before(async () => {
  temporal = await startTemporalEnv();
});
after(async () => {
  await temporal.stop();
});

/** Runs a body while a worker with these activities is there. */
async function withWorker(activities: SessionActivities, body: () => Promise<void>): Promise<void> {
  const { nativeConnection: connection } = temporal.env;
  const worker = await Worker.create({
    connection,
    taskQueue: TASK_QUEUE,
    workflowBundle: await workflowBundle(),
    dataConverter: workerConverter(temporal.ring),
    activities,
  });
  await worker.runUntil(body());
}

async function startSession(): Promise<{
  id: string;
  cost: () => Promise<number>;
  end: () => Promise<SessionSnapshot>;
}> {
  const options = { idle_after_seconds: 60, idle_timeout_seconds: 300 };
  const session: SessionStart = { session_id: randomUUID(), user_id: 'u-1', project_path: '/p', title: null, options };
  const workflows = makeSessionWorkflows({
    client: temporal.env.client,
    ring: temporal.ring,
    budgetEvents: 1_000,
    queueDepth: 10,
  });
  await workflows.start(session);
  await workflows.submit(session.session_id, { message_id: randomUUID(), content: 'hi' });
  const id = workflowIdOf(session.session_id);
  return {
    id,
    cost: async () => (await workflows.ledger(session.session_id)).cost_nano,
    end: async () => snapshotOf((await temporal.env.client.workflow.getHandle(id).result()) as SessionState),
  };
}

async function until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`Waited 20 s for: ${what}`);
    await delay(20);
  }
}

test('a session whose worker is silent for longer than its agent is waited for is no error: it connects, and answers', async () => {
  const agent = scriptedAgent();
  await withWorker(agent.activities, async () => {
    agent.silent = true;
    const { cost } = await startSession();
    await delay(LONGER_MS);
    agent.silent = false;
    await until('the turn', async () => (await cost()) === 1_000);
    assert.ok((agent.epochs.at(-1) ?? 0) > 1);
  });
});

test('a session whose machine is off for longer than its agent is waited for, between two tries, is no error either', async () => {
  const agent = scriptedAgent();
  agent.failNext('connect', 'AGENT_UNREACHABLE', Infinity);
  let session: Awaited<ReturnType<typeof startSession>> | undefined;
  await withWorker(agent.activities, async () => {
    session = await startSession();
    await until('some tries', () => agent.calls.connect >= 3);
  });
  await delay(LONGER_MS);
  agent.failNext('connect', '', 0);
  await withWorker(agent.activities, () => until('the turn', async () => (await session?.cost()) === 1_000));
});

test('a session whose agent hangs as it connects is in error after 20 s', async () => {
  const silent = { attach: () => new Promise<never>(() => undefined) };
  const connect = makeConnect({ connections: silent, mirror: makeMemoryMirror() });
  await withWorker({ ...scriptedAgent().activities, connect }, async () => {
    const { end } = await startSession();
    const { failure, started_at, ended_at } = await end();
    assert.deepEqual(failure, { code: 'AGENT_UNREACHABLE', message: 'Failed to connect to Claude Code WebSocket' });
    const tookMs = Date.parse(ended_at ?? '') - Date.parse(started_at);
    assert.ok(tookMs > 18_000 && tookMs < 22_000, `${tookMs} ms`);
  });
});
