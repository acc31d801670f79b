import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import test, { after, before } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { Worker } from '@temporalio/worker';
import { errors } from '../../domain/errors.ts';
import type { SessionSnapshot } from '../../domain/mirror/mirror-write.ts';
import type { SessionStart, SessionWorkflows } from '../../domain/session/session-workflows.ts';
import { makeSessionRecords } from '../../temporal/session-records.ts';
import { workerConverter } from '../../temporal/payloads/data-converter.ts';
import { makeSessionWorkflows } from '../../temporal/session-workflows.ts';
import { TASK_QUEUE } from '../../temporal/settings.ts';
import { workflowIdOf } from '../../workflows/definitions.ts';
import { snapshotOf } from '../../workflows/state/session-views.ts';
import type { SessionState } from '../../workflows/state/session-state.ts';
import { countEvents } from '../support/temporal/count-events.ts';
import { scriptedAgent, type ScriptedAgent } from '../support/gateway/scripted-agent.ts';
import { startTemporalEnv, type TemporalEnv } from '../support/temporal/temporal-env.ts';
import { workflowBundle } from '../support/temporal/workflow-bundle.ts';

let temporal: TemporalEnv;
before(async () => {
  temporal = await startTemporalEnv();
});
after(async () => {
  await temporal.stop();
});

function start(options: Partial<SessionStart['options']> = {}): SessionStart {
  return {
    session_id: randomUUID(),
    user_id: 'u-1',
    project_path: '/p',
    title: null,
    options: { idle_after_seconds: 60, idle_timeout_seconds: 300, ...options },
  };
}

/** Runs a test body with a worker that talks to a scripted agent. */
async function withAgent(
  body: (deps: { agent: ScriptedAgent; workflows: SessionWorkflows }) => Promise<void>,
  { budgetEvents = 1_000, queueDepth = 1_000 } = {},
): Promise<void> {
  const agent = scriptedAgent();
  const worker = await Worker.create({
    connection: temporal.env.nativeConnection,
    taskQueue: TASK_QUEUE,
    workflowBundle: await workflowBundle(),
    dataConverter: workerConverter(temporal.ring),
    activities: agent.activities,
  });
  const workflows = makeSessionWorkflows({
    client: temporal.env.client,
    ring: temporal.ring,
    budgetEvents,
    queueDepth,
  });
  await worker.runUntil(body({ agent, workflows }));
}

async function until(what: string, condition: () => boolean | Promise<boolean>, limitMs = 20_000): Promise<void> {
  const deadline = Date.now() + limitMs;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`Waited ${limitMs} ms for: ${what}`);
    await delay(20);
  }
}

/** Ends a session, and sends it a message while it ends: it is accepted, and refused. */
async function endWithLateMessage(
  agent: ScriptedAgent,
  workflows: SessionWorkflows,
): Promise<{ session: SessionStart; late: string }> {
  const session = start();
  await workflows.start(session);
  await until('active', async () => (await workflows.ledger(session.session_id)).status === 'active');
  agent.failNext('release', 'UNAVAILABLE', 3);
  await workflows.disconnect(session.session_id, 'User requested');
  await until('release', () => agent.calls.release > 0);
  const late = randomUUID();
  await workflows.submit(session.session_id, { message_id: late, content: 'too late' });
  await resultOf(session.session_id);
  return { session, late };
}

/** What the last run of a session returned, and what it shows of it. */
async function resultOf(sessionId: string): Promise<SessionState & SessionSnapshot> {
  const state = (await temporal.env.client.workflow.getHandle(workflowIdOf(sessionId)).result()) as SessionState;
  return { ...snapshotOf(state), ...state };
}

/** Replays a session's newest run as the worker of the tests reads it; throws when it does not replay. */
async function replay(sessionId: string): Promise<void> {
  const { client } = temporal.env;
  const history = await client.workflow.getHandle(workflowIdOf(sessionId)).fetchHistory();
  const options = { workflowBundle: await workflowBundle(), dataConverter: workerConverter(temporal.ring) };
  await Worker.runReplayHistory(options, history, workflowIdOf(sessionId));
}

test('a session carries messages out in order, adds up the cost and ends with the first reason', async () => {
  await withAgent(async ({ agent, workflows }) => {
    const session = start();
    assert.equal(await workflows.start(session), 'started');
    assert.equal(await workflows.start(session), 'running');
    const ids = Array.from({ length: 5 }, () => randomUUID());
    for (const id of ids) await workflows.submit(session.session_id, { message_id: id, content: 'hi' });
    await workflows.submit(session.session_id, { message_id: ids[0] ?? '', content: 'hi' });
    await until('five turns', async () => (await workflows.ledger(session.session_id)).cost_nano === 5_000);
    assert.deepEqual(agent.carriedOut, ids);
    await workflows.disconnect(session.session_id, 'User requested');
    await workflows.disconnect(session.session_id, 'Second').catch(() => undefined);
    const state = await resultOf(session.session_id);
    assert.deepEqual(
      { status: state.status, reason: state.reason, cost: state.cost_nano, count: state.message_count },
      { status: 'disconnected', reason: 'User requested', cost: 5_000, count: 5 },
    );
    await assert.rejects(
      workflows.submit(session.session_id, { message_id: randomUUID(), content: 'late' }),
      errors.sessionNotActive(session.session_id),
    );
    await assert.rejects(workflows.submit('nobody', { message_id: randomUUID(), content: '' }), {
      code: 'SESSION_NOT_FOUND',
    });
  });
});

test('a quiet session goes idle, a message makes it active by a new lease, and it ends with Idle timeout', async () => {
  await withAgent(async ({ agent, workflows }) => {
    const session = start({ idle_after_seconds: 1, idle_timeout_seconds: 3 });
    await workflows.start(session);
    const statuses = () => agent.writes.flatMap((write) => (write.type === 'session' ? [write.snapshot.status] : []));
    await until('idle', () => statuses().includes('idle'));
    await workflows.submit(session.session_id, { message_id: randomUUID(), content: 'again' });
    const state = await resultOf(session.session_id);
    assert.deepEqual(statuses(), ['active', 'idle', 'active', 'idle', 'disconnected']);
    assert.deepEqual(agent.epochs, [1, 2]);
    assert.equal(state.reason, 'Idle timeout');
    const quietMs = Date.parse(state.ended_at ?? '') - Date.parse(state.last_activity);
    assert.ok(quietMs >= 3_000 && quietMs < 6_000, `ended ${quietMs} ms after the last activity`);
  });
});

test('no idle clock runs out while a turn runs', async () => {
  await withAgent(async ({ agent, workflows }) => {
    agent.thinkMs = 4_500;
    const session = start({ idle_after_seconds: 1, idle_timeout_seconds: 2 });
    await workflows.start(session);
    await workflows.submit(session.session_id, { message_id: randomUUID(), content: 'long' });
    const state = await resultOf(session.session_id);
    assert.equal(state.turn_count, 1);
    assert.equal(state.recent[0]?.outcome, 'done');
  });
});

test('a broken line is opened again with a higher lease and the message is handed over again', async () => {
  await withAgent(async ({ agent, workflows }) => {
    const session = start();
    agent.failNext('exchange', 'NOT_SENT', 2);
    await workflows.start(session);
    const id = randomUUID();
    await workflows.submit(session.session_id, { message_id: id, content: 'hi' });
    await until('the turn', async () => (await workflows.ledger(session.session_id)).cost_nano === 1_000);
    assert.deepEqual(agent.carriedOut, [id]);
    assert.ok((agent.epochs.at(-1) ?? 0) > 1);
    await workflows.disconnect(session.session_id, 'User requested');
    await resultOf(session.session_id);
  });
});

test('an agent that cannot be had ends in error, reports what waited, and a later start goes on from there', async () => {
  await withAgent(async ({ agent, workflows }) => {
    const session = start();
    await workflows.start(session);
    await workflows.submit(session.session_id, { message_id: randomUUID(), content: 'one' });
    await until('one turn', async () => (await workflows.ledger(session.session_id)).cost_nano === 1_000);
    agent.failNext('exchange', 'AGENT_UNREACHABLE', Infinity);
    const lost = randomUUID();
    await workflows.submit(session.session_id, { message_id: lost, content: 'two' });
    const state = await resultOf(session.session_id);
    assert.equal(state.status, 'error');
    const settled = agent.writes.flatMap((write) => (write.type === 'settled' ? [write.turn] : []));
    assert.deepEqual(
      settled.map(({ message_id, outcome }) => ({ message_id, outcome })),
      [{ message_id: lost, outcome: 'unknown' }],
    );
    agent.failNext('exchange', 'AGENT_UNREACHABLE', 0);
    assert.equal(await workflows.start(session), 'started');
    await workflows.submit(session.session_id, { message_id: randomUUID(), content: 'three' });
    await until('two turns', async () => (await workflows.ledger(session.session_id)).cost_nano === 2_000);
    await workflows.disconnect(session.session_id, 'User requested');
    await resultOf(session.session_id);
  });
});

test('a storm of messages over many runs is carried out once each, in order', async () => {
  await withAgent(
    async ({ agent, workflows }) => {
      const session = start();
      await workflows.start(session);
      const ids = Array.from({ length: 60 }, () => randomUUID());
      for (const id of ids) {
        await workflows.submit(session.session_id, { message_id: id, content: 'hi' });
        if (Math.random() < 0.2) await workflows.submit(session.session_id, { message_id: id, content: 'hi' });
      }
      await until('sixty turns', async () => (await workflows.ledger(session.session_id)).cost_nano === 60_000, 60_000);
      assert.deepEqual(agent.carriedOut, ids);
      const runs = temporal.env.client.workflow.list({
        query: `WorkflowId = "${workflowIdOf(session.session_id)}" AND ExecutionStatus = "ContinuedAsNew"`,
      });
      let count = 0;
      for await (const _run of runs) count += 1;
      assert.ok(count >= 3, `${count} runs continued as new`);
      await workflows.disconnect(session.session_id, 'User requested');
      assert.equal((await resultOf(session.session_id)).cost_nano, 60_000);
    },
    { budgetEvents: 80 },
  );
});

test('a session with background tasks is not idle, and the turn that the agent begins by itself is booked', async () => {
  await withAgent(async ({ agent, workflows }) => {
    const session = start({ idle_after_seconds: 1, idle_timeout_seconds: 60 });
    await workflows.start(session);
    agent.setBackground(1);
    await workflows.submit(session.session_id, { message_id: randomUUID(), content: 'start a build' });
    await until('the turn', async () => (await workflows.ledger(session.session_id)).cost_nano === 1_000);
    await delay(2_500);
    assert.equal((await workflows.ledger(session.session_id)).status, 'active');
    agent.setBackground(0);
    await until('idle', async () => (await workflows.ledger(session.session_id)).status === 'idle');
    assert.equal((await workflows.ledger(session.session_id)).cost_nano, 2_000);
    await workflows.disconnect(session.session_id, 'User requested');
    await resultOf(session.session_id);
  });
});

test('a session that is ended in mid-turn settles the running message and reports the waiting ones', async () => {
  await withAgent(async ({ agent, workflows }) => {
    agent.thinkMs = 60_000;
    const session = start();
    await workflows.start(session);
    const [running, waiting] = [randomUUID(), randomUUID()];
    await workflows.submit(session.session_id, { message_id: running, content: 'long' });
    await workflows.submit(session.session_id, { message_id: waiting, content: 'never' });
    await until('sent', () => agent.carriedOut.includes(running));
    await workflows.disconnect(session.session_id, 'User requested');
    const state = await resultOf(session.session_id);
    assert.equal(state.recent[0]?.message_id, running);
    const settled = agent.writes.flatMap((write) => (write.type === 'settled' ? [write.turn.message_id] : []));
    // A workflow task that something came into is done again, and so are its writes.
    assert.deepEqual([...new Set(settled)], [waiting]);
  });
});

test('an agent that works by itself is not let go: the session is active again and books what it does', async () => {
  await withAgent(async ({ agent, workflows }) => {
    const session = start({ idle_after_seconds: 1 });
    const ledger = () => workflows.ledger(session.session_id);
    await workflows.start(session);
    await workflows.submit(session.session_id, { message_id: randomUUID(), content: 'go' });
    await until('the answer', async () => (await ledger()).cost_nano === 1_000);
    agent.setBackground(1);
    await until('a release', () => agent.calls.release >= 1);
    await until('active again', async () => (await ledger()).status === 'active');
    agent.setBackground(0);
    await until('its own turn', async () => (await ledger()).cost_nano === 2_000);
    await until('idle', async () => (await ledger()).status === 'idle');
    await until('it is let go', () => agent.calls.release >= 2);
  });
});

test('a message that is accepted while the session ends is reported, and the record remembers it', async () => {
  await withAgent(async ({ agent, workflows }) => {
    const records = makeSessionRecords({ client: temporal.env.client });
    const { session, late } = await endWithLateMessage(agent, workflows);
    const settled = agent.writes.flatMap((write) => (write.type === 'settled' ? [write.turn] : []));
    assert.deepEqual(
      settled.map((turn) => [turn.message_id, turn.outcome, turn.failure?.code]),
      [[late, 'failed', 'SESSION_NOT_ACTIVE']],
    );
    assert.deepEqual((await records.record(session.session_id))?.unsent, settled);
  });
});

test('the record of a session is the same while it runs, after it ended and after it was terminated', async () => {
  await withAgent(
    async ({ workflows }) => {
      const { client } = temporal.env;
      const records = makeSessionRecords({ client });
      const session = start();
      await workflows.start(session);
      const ids = Array.from({ length: 12 }, () => randomUUID());
      for (const message_id of ids) await workflows.submit(session.session_id, { message_id, content: 'go' });
      await until('all done', async () => (await records.record(session.session_id))?.cursor === ids.length);
      const running = await records.record(session.session_id);
      assert.deepEqual([running?.ended, running?.opening, running?.waiting], [false, false, []]);
      assert.deepEqual([running?.cost_nano, running?.message_count], [12_000, 12]);

      const past = await records.past(session.session_id);
      assert.deepEqual(
        past.messages.map(({ message_id, content }) => [message_id, content]),
        ids.map((id) => [id, 'go']),
      );
      assert.deepEqual([past.complete, past.statuses.map(({ status }) => status)], [true, ['connecting', 'active']]);

      await client.workflow.getHandle(workflowIdOf(session.session_id)).terminate('an operator');
      assert.deepEqual(await records.record(session.session_id), { ...running, ended: true });
      await until('listed', async () => {
        const listed = (await records.list()).find(({ session_id }) => session_id === session.session_id);
        return listed?.running === false && listed.started_at <= (running?.snapshot.started_at ?? '');
      });
      assert.equal(await records.record(randomUUID()), null);
    },
    { budgetEvents: 60 },
  );
});

test('a message that a lost workflow task had handed over is neither begun again nor told as unsent', async () => {
  for (const ends of [false, true]) {
    await withAgent(async ({ agent, workflows }) => {
      const session = start();
      const [first, unseen] = [randomUUID(), randomUUID()];
      agent.thinkMs = ends ? 60_000 : 1_000;
      await workflows.start(session);
      await workflows.submit(session.session_id, { message_id: first, content: 'long' });
      await until('a turn runs', () => agent.carriedOut.length === 1);
      await workflows.submit(session.session_id, { message_id: unseen, content: 'next' });
      agent.takeUnseen(unseen);
      const costs = async (): Promise<number> => (await workflows.ledger(session.session_id)).cost_nano;
      await until('it is booked', async () => (await costs()) >= 1_000);
      if (!ends) await until('both are booked', async () => (await costs()) === 2_000);
      await workflows.disconnect(session.session_id, 'User requested');
      const { cost_nano, turn_count } = await resultOf(session.session_id);
      const told = agent.writes.flatMap((write) => (write.type === 'settled' ? [write.turn.message_id] : []));
      assert.deepEqual([cost_nano, turn_count, agent.carriedOut, told], [2_000, 2, [first, unseen], []]);
    });
  }
});

test('a mirror that is slow at the end of a session while a clock fires leaves a history that replays', async () => {
  await withAgent(async ({ agent, workflows }) => {
    // After 4 s the SDK prolongs a workflow task; around that moment its own order of things and that of a replay differ.
    const sessions = Array.from({ length: 20 }, () => start({ idle_after_seconds: 2, idle_timeout_seconds: 3_600 }));
    for (const session of sessions) await workflows.start(session);
    await until('connected', () => agent.calls.connect === sessions.length);
    for (const [index, { session_id }] of sessions.entries()) agent.slowMs[session_id] = 3_970 + index * 3;
    await Promise.all(sessions.map(({ session_id }) => workflows.disconnect(session_id, 'User requested')));
    const broken: string[] = [];
    for (const { session_id } of sessions) {
      assert.equal((await resultOf(session_id)).status, 'disconnected');
      await replay(session_id).catch((error: unknown) => broken.push(String(error)));
    }
    assert.deepEqual(broken, []);
  });
});

test('one message costs 10 events, two workflow tasks among them', async () => {
  await withAgent(async ({ workflows }) => {
    const session = start({ idle_after_seconds: 600, idle_timeout_seconds: 3_600 });
    await workflows.start(session);
    const handle = temporal.env.client.workflow.getHandle(workflowIdOf(session.session_id));
    const history = async () => (await handle.fetchHistory()).events ?? [];
    await until('both clocks run', async () => countEvents(await history()).TIMER_STARTED === 2);
    const before = (await history()).length;
    for (let index = 1; index <= 10; index += 1) {
      await workflows.submit(session.session_id, { message_id: randomUUID(), content: 'hi' });
      await until('a turn', async () => (await workflows.ledger(session.session_id)).cost_nano === index * 1_000);
      await until('quiet', async () => Boolean((await history()).at(-1)?.workflowTaskCompletedEventAttributes));
    }
    const { repeated = 0, ...counts } = countEvents((await history()).slice(before));
    assert.deepEqual(
      counts,
      {
        WORKFLOW_EXECUTION_SIGNALED: 10,
        ACTIVITY_TASK_SCHEDULED: 10,
        ACTIVITY_TASK_STARTED: 10,
        ACTIVITY_TASK_COMPLETED: 10,
        WORKFLOW_TASK: 20,
      },
      `and ${repeated} tasks repeated`,
    );
    await workflows.disconnect(session.session_id, 'User requested');
    await resultOf(session.session_id);
  });
});

test('a session that is ended while it is being woken lets its agent go', async () => {
  await withAgent(async ({ agent, workflows }) => {
    const session = start({ idle_after_seconds: 1, idle_timeout_seconds: 600 });
    await workflows.start(session);
    // Its status says so before its agent is let go.
    await until('idle', () => agent.calls.release === 1);
    agent.silent = true;
    const { connect: connects } = agent.calls;
    await workflows.submit(session.session_id, { message_id: randomUUID(), content: 'wake up' });
    await until('it is being woken', () => agent.calls.connect > connects);
    await workflows.disconnect(session.session_id, 'User requested');
    await resultOf(session.session_id);
    assert.equal(agent.calls.release, 2);
  });
});

for (const woken of [false, true]) {
  const when = woken ? 'is woken' : 'ends';
  test(`what an agent did by itself while its gateway was away is booked when the idle session ${when}`, async () => {
    await withAgent(async ({ agent, workflows }) => {
      const session = start({ idle_after_seconds: 1, idle_timeout_seconds: 600 });
      const ledger = () => workflows.ledger(session.session_id);
      await workflows.start(session);
      await workflows.submit(session.session_id, { message_id: randomUUID(), content: 'go' });
      await until('the answer', async () => (await ledger()).cost_nano === 1_000);
      agent.away = true;
      await until('it asked in vain', () => agent.calls.release === 1);
      agent.settleUnheard();
      agent.away = false;
      if (woken) {
        await workflows.submit(session.session_id, { message_id: randomUUID(), content: 'again' });
        await until('both are booked', async () => (await ledger()).cost_nano === 3_000);
        await until('idle again', async () => (await ledger()).status === 'idle');
      }
      await workflows.disconnect(session.session_id, 'User requested');
      assert.equal((await resultOf(session.session_id)).cost_nano, woken ? 3_000 : 2_000);
      // A session that was drained when it went idle ends without asking again.
      assert.equal(agent.calls.release, 2);
    });
  });
}

const GIVEN_UP: [failure: string, ends: string, releases: ScriptedAgent['releases']][] = [
  [
    'PROJECT_PATH',
    'lets go of an agent that may be starting still, by a lease of its own',
    [{ mode: 'close', epoch: 3 }],
  ],
  ['LEASE_LOST', 'leaves the agent to whoever has the lease', []],
];
for (const [failure, ends, releases] of GIVEN_UP) {
  test(`a session that gives up with ${failure} ${ends}`, async () => {
    await withAgent(async ({ agent, workflows }) => {
      const session = start();
      await workflows.start(session);
      await until('active', async () => (await workflows.ledger(session.session_id)).status === 'active');
      agent.failNext('exchange', 'NOT_SENT', 1);
      agent.failNext('connect', failure, Infinity);
      await workflows.submit(session.session_id, { message_id: randomUUID(), content: 'hi' });
      assert.equal((await resultOf(session.session_id)).status, 'error');
      assert.deepEqual(agent.releases, releases);
    });
  });
}

test('a session that gives up does not wait for a gateway that is away', async () => {
  await withAgent(async ({ agent, workflows }) => {
    const session = start();
    agent.failNext('connect', 'PROJECT_PATH', Infinity);
    agent.failNext('release', 'UNAVAILABLE', Infinity);
    await workflows.start(session);
    assert.equal((await resultOf(session.session_id)).failure?.code, 'PROJECT_PATH');
    assert.equal(agent.calls.release, 1);
  });
});

test('what is refused while a session ends is told in the write that tells of its end, and the history replays', async () => {
  await withAgent(async ({ agent, workflows }) => {
    const { session } = await endWithLateMessage(agent, workflows);
    const history = await temporal.env.client.workflow.getHandle(workflowIdOf(session.session_id)).fetchHistory();
    const events = history.events ?? [];
    const near = events.flatMap(
      ({ markerRecordedEventAttributes: marker }) => marker?.workflowTaskCompletedEventId ?? [],
    );
    const far = events.filter((event) => event.activityTaskScheduledEventAttributes?.activityType?.name === 'mirror');
    assert.deepEqual([near.length, new Set(near.map(String)).size, far.length], [2, 2, 0]);
    await replay(session.session_id);
  });
});

const floor = {
  epoch: 7,
  version: 20,
  cursor: 30,
  cost_nano: 9_000,
  message_count: 4,
  started_at: '2026-01-01T00:00:00.000Z',
};

test('a session that was disconnected is resumed: its ledger, ids and conversation continue under a higher lease', async () => {
  await withAgent(async ({ agent, workflows }) => {
    const session = start();
    await workflows.start(session);
    const first = randomUUID();
    await workflows.submit(session.session_id, { message_id: first, content: 'hi' });
    await until('one turn', async () => (await workflows.ledger(session.session_id)).cost_nano === 1_000);
    await workflows.disconnect(session.session_id, 'User requested');
    const ended = await resultOf(session.session_id);
    assert.equal(await workflows.resume(session, { ...floor, epoch: 1, version: 1 }), 'started');
    assert.equal(await workflows.resume(session, floor), 'running');
    await workflows.submit(session.session_id, { message_id: first, content: 'hi' });
    await workflows.submit(session.session_id, { message_id: randomUUID(), content: 'again' });
    await until('two turns', async () => (await workflows.ledger(session.session_id)).cost_nano === 2_000);
    await workflows.disconnect(session.session_id, 'Second end');
    const state = await resultOf(session.session_id);
    assert.deepEqual(
      { status: state.status, reason: state.reason, count: state.message_count, cost: state.cost_nano },
      { status: 'disconnected', reason: 'Second end', count: 2, cost: 2_000 },
    );
    assert.ok(state.version > ended.version && state.epoch > ended.epoch);
    assert.deepEqual(agent.epochs, [1, 2]);
  });
});

test('a session that an operator terminated is not started again, and is resumed above what is known of it', async () => {
  await withAgent(async ({ agent, workflows }) => {
    const session = start();
    await workflows.start(session);
    await until('active', async () => (await workflows.ledger(session.session_id)).status === 'active');
    await temporal.env.client.workflow.getHandle(workflowIdOf(session.session_id)).terminate('by hand');
    assert.equal(await workflows.describe(session.session_id), 'failed');
    await assert.rejects(workflows.start(session), errors.sessionNotActive(session.session_id));
    await workflows.resume(session, floor);
    await until('active again', async () => (await workflows.ledger(session.session_id)).status === 'active');
    const record = await makeSessionRecords({ client: temporal.env.client }).record(session.session_id);
    assert.deepEqual(
      {
        cost: record?.cost_nano,
        count: record?.message_count,
        cursor: record?.cursor,
        started: record?.snapshot.started_at,
      },
      { cost: 9_000, count: 4, cursor: 30, started: floor.started_at },
    );
    assert.ok((record?.snapshot.version ?? 0) > floor.version);
    assert.deepEqual(agent.epochs, [1, 8]);
  });
});

test('a session whose workflow Temporal has deleted starts above what is known of it', async () => {
  await withAgent(async ({ agent, workflows }) => {
    const session = start();
    assert.equal(await workflows.describe(session.session_id), 'unknown');
    await workflows.start(session, { floor });
    await until('active', async () => (await workflows.ledger(session.session_id)).status === 'active');
    assert.equal((await workflows.ledger(session.session_id)).cost_nano, 9_000);
    assert.deepEqual(agent.epochs, [8]);
  });
});

test('a resumed session whose conversation is gone ends in error with SESSION_NOT_RESUMABLE', async () => {
  await withAgent(async ({ agent, workflows }) => {
    const session = start();
    await workflows.start(session);
    await until('active', async () => (await workflows.ledger(session.session_id)).status === 'active');
    await workflows.disconnect(session.session_id, 'User requested');
    await resultOf(session.session_id);
    agent.failNext('connect', 'CONVERSATION_GONE', 1);
    await workflows.resume(session, floor);
    const { status, failure } = await resultOf(session.session_id);
    assert.deepEqual([status, failure?.code], ['error', 'SESSION_NOT_RESUMABLE']);
    await assert.rejects(workflows.start(session), { code: 'SESSION_NOT_RESUMABLE' });
  });
});

test('a session does not time out while somebody is present, and presence is no message', async () => {
  await withAgent(async ({ agent, workflows }) => {
    const session = start({ idle_after_seconds: 60, idle_timeout_seconds: 3 });
    await workflows.start(session);
    await until('active', async () => (await workflows.ledger(session.session_id)).status === 'active');
    await delay(2_000);
    await workflows.presence(session.session_id);
    const state = await resultOf(session.session_id);
    const quietMs = Date.parse(state.ended_at ?? '') - Date.parse(state.last_activity);
    assert.ok(quietMs >= 5_000, `ended ${quietMs} ms after the last activity`);
    assert.deepEqual([state.reason, state.message_count, agent.carriedOut.length], ['Idle timeout', 0, 0]);
  });
});

test('the time limit of a resumed session counts from its resumption', async () => {
  await withAgent(async ({ workflows }) => {
    const session = start({ max_duration_seconds: 3 });
    await workflows.start(session);
    assert.equal((await resultOf(session.session_id)).reason, 'Time limit');
    await workflows.resume(session, floor);
    const { reason, resumed_at, ended_at } = await resultOf(session.session_id);
    const openMs = Date.parse(ended_at ?? '') - Date.parse(resumed_at ?? '');
    assert.equal(reason, 'Time limit');
    assert.ok(openMs >= 3_000, `open for ${openMs} ms`);
  });
});
