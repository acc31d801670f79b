import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import test, { after, before } from 'node:test';
import { Worker } from '@temporalio/worker';
import type { AnswerOutcome } from '../../domain/control/interaction.ts';
import type { SessionWorkflows } from '../../domain/session/session-workflows.ts';
import { workerConverter } from '../../temporal/payloads/data-converter.ts';
import { makeSessionWorkflows } from '../../temporal/session-workflows.ts';
import { TASK_QUEUE } from '../../temporal/settings.ts';
import { withdraw, workflowIdOf } from '../../workflows/definitions.ts';
import type { SessionState } from '../../workflows/state/session-state.ts';
import { scriptedAgent, type ScriptedAgent } from '../support/gateway/scripted-agent.ts';
import { startTemporalEnv, type TemporalEnv } from '../support/temporal/temporal-env.ts';
import { workflowBundle } from '../support/temporal/workflow-bundle.ts';
import { until } from '../support/until.ts';

let temporal: TemporalEnv;
before(async () => {
  temporal = await startTemporalEnv();
});
after(async () => {
  await temporal.stop();
});

interface Waiting {
  agent: ScriptedAgent;
  workflows: SessionWorkflows;
  id: string;
  message: string;
  interaction: string;
  answer: (decision: 'allow' | 'deny', by?: string) => Promise<AnswerOutcome>;
}

/** Runs a test body with a session whose only message waits for a person. */
async function whileWaiting(
  body: (waiting: Waiting) => Promise<void>,
  { budgetEvents = 1_000, options = {} } = {},
): Promise<void> {
  const agent = scriptedAgent();
  agent.asksNext = 1;
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
    queueDepth: 10,
  });
  const [id, message] = [randomUUID(), randomUUID()];
  await worker.runUntil(async () => {
    const session = { session_id: id, user_id: 'u-1', project_path: '/p', title: null };
    await workflows.start({
      ...session,
      options: { idle_after_seconds: 60, idle_timeout_seconds: 300, ...options },
    });
    await workflows.submit(id, { message_id: message, content: 'run the tests' });
    const interaction = await until('the question', async () => (await workflows.ledger(id)).asked[0]);
    const answer = (decision: 'allow' | 'deny', by = 'ann'): Promise<AnswerOutcome> =>
      workflows.answer(id, { interaction_id: interaction, answer: { decision }, by, via: 'rest' });
    await body({ agent, workflows, id, message, interaction, answer });
  });
}

function handle(id: string) {
  return temporal.env.client.workflow.getHandle(workflowIdOf(id));
}

async function eventTypes(id: string): Promise<string[]> {
  const { events } = await handle(id).fetchHistory();
  return (events ?? []).flatMap((event) => Object.keys(event).filter((key) => key.endsWith('EventAttributes')));
}

async function done(workflows: SessionWorkflows, id: string, costNano = 1_000): Promise<void> {
  await until('the turn', async () => (await workflows.ledger(id)).cost_nano === costNano);
}

async function resultOf(id: string): Promise<SessionState> {
  return (await handle(id).result()) as SessionState;
}

test('a message that asks waits without an activity; the answer is delivered once and the turn goes on, once', async () => {
  await whileWaiting(async ({ agent, workflows, id, message, interaction, answer }) => {
    const { current, status } = await workflows.ledger(id);
    assert.deepEqual([current, status], [message, 'active']);
    assert.equal((await handle(id).describe()).raw.pendingActivities?.length ?? 0, 0);

    const outcome = await answer('allow');
    assert.equal(outcome.type, 'recorded');
    await done(workflows, id);
    assert.deepEqual(
      agent.decisions.map((end) => [end.interaction_id, end.status, end.answered_by]),
      [[interaction, 'answered', 'ann']],
    );
    assert.deepEqual([agent.calls.exchange, agent.calls.decide, agent.calls.receive], [1, 1, 1]);
    assert.deepEqual(agent.carriedOut, [message]);

    const history = await handle(id).fetchHistory();
    const options = { workflowBundle: await workflowBundle(), dataConverter: workerConverter(temporal.ring) };
    const replays = Worker.runReplayHistories(options, [{ workflowId: workflowIdOf(id), history }] as never);
    for await (const { error } of replays) assert.equal(error, undefined);
  });
});

test('two doors answer at the same moment: one wins, the other learns who won', async () => {
  await whileWaiting(async ({ agent, workflows, id, answer }) => {
    const outcomes = await Promise.all([answer('allow', 'ann'), answer('deny', 'bob')]);
    const won = outcomes.find(({ type }) => type === 'recorded');
    const lost = outcomes.find(({ type }) => type === 'rejected');
    assert.ok(won?.type === 'recorded' && lost?.type === 'rejected' && lost.code === 'ALREADY_ANSWERED');
    assert.deepEqual(lost.end, won.end);
    await done(workflows, id);
    assert.equal(agent.calls.decide, 1);
  });
});

test('the same answer again is repeated, and a rejected one costs no event', async () => {
  await whileWaiting(async ({ workflows, id, answer }) => {
    await answer('allow');
    await done(workflows, id);
    assert.equal((await answer('allow', 'bob')).type, 'repeated');
    const before = (await eventTypes(id)).length;
    assert.equal((await answer('deny', 'bob')).type, 'rejected');
    const unknown = { interaction_id: randomUUID(), answer: { decision: 'allow' as const }, by: 'ann', via: 'cli' };
    assert.deepEqual(await workflows.answer(id, unknown), { type: 'rejected', code: 'INTERACTION_NOT_FOUND' });
    const added = (await eventTypes(id)).slice(before).filter((type) => !type.startsWith('workflowTask'));
    assert.deepEqual(added, []);
  });
});

test('a session that waits is not ended by its idle timeout and sets no more timers', async () => {
  const options = { idle_after_seconds: 1, idle_timeout_seconds: 2 };
  await whileWaiting(
    async ({ workflows, id, answer }) => {
      const count = async (what: string): Promise<number> =>
        (await eventTypes(id)).filter((type) => type === what).length;
      await until('the timers', async () => (await count('timerFiredEventAttributes')) === 2);
      await workflows.reap(id);
      assert.equal((await workflows.ledger(id)).status, 'active');
      assert.equal(await count('timerStartedEventAttributes'), 2);
      await answer('allow');
      await until('the idle timeout afterwards', async () => (await workflows.describe(id)) === 'ended');
    },
    { options },
  );
});

test('a turn that was interrupted while it waited withdraws what it asked, and a late answer hears so', async () => {
  await whileWaiting(async ({ agent, workflows, id, answer }) => {
    agent.interrupt();
    await handle(id).signal(withdraw, { reason: 'Interrupted' });
    await done(workflows, id);
    const late = await answer('allow');
    assert.ok(late.type === 'rejected' && late.code === 'INTERACTION_WITHDRAWN');
    assert.equal(late.end.withdrawn_reason, 'Interrupted');
    assert.equal(agent.calls.decide, 0);
  });
});

test('a session that is disconnected while it waits withdraws what it asked', async () => {
  await whileWaiting(async ({ workflows, id }) => {
    await workflows.disconnect(id, 'User requested');
    const { interactions } = await resultOf(id);
    assert.deepEqual(
      interactions?.settled.map(({ status, withdrawn_reason }) => [status, withdrawn_reason]),
      [['withdrawn', 'User requested']],
    );
    assert.deepEqual(interactions?.open, []);
  });
});

test('an answer whose delivery fails is delivered over a new connection', async () => {
  await whileWaiting(async ({ agent, workflows, id, message, answer }) => {
    agent.failNext('decide', 'AGENT_UNREACHABLE', 1);
    await answer('allow');
    await done(workflows, id);
    assert.deepEqual([agent.epochs, agent.decisions.length, agent.carriedOut], [[1, 2], 1, [message]]);
  });
});

test('a session that waits continues as new when its history is long, and is answered afterwards', async () => {
  await whileWaiting(
    async ({ workflows, id, answer }) => {
      const first = (await handle(id).describe()).runId;
      await until('another run', async () => {
        await workflows.presence(id);
        return (await handle(id).describe()).runId !== first;
      });
      assert.equal((await answer('allow')).type, 'recorded');
      await done(workflows, id);
    },
    { budgetEvents: 40 },
  );
});
