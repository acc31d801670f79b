import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { after, before, beforeEach, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Client, WorkflowFailedError } from '@temporalio/client';
import { defaultPayloadConverter, type Payload } from '@temporalio/common';
import { type LogEntry, NativeConnection, Worker } from '@temporalio/worker';
import type { SessionStart } from '../../domain/session/session-workflows.ts';
import { clientConverter } from '../../temporal/payloads/data-converter.ts';
import { createKeyRing, KeyRing } from '../../temporal/payloads/key-ring.ts';
import { EncryptingCodec } from '../../temporal/payloads/payload-codec.ts';
import { makeSessionRecords } from '../../temporal/session-records.ts';
import { makeSessionWorkflows } from '../../temporal/session-workflows.ts';
import { TASK_QUEUE } from '../../temporal/settings.ts';
import { startWorker, type RunningWorker } from '../../worker/worker.ts';
import {
  answerInteraction,
  disconnect,
  getLedger,
  SESSION_WORKFLOW,
  submitMessage,
  workflowIdOf,
} from '../../workflows/definitions.ts';
import { makeMemoryMirror } from '../support/api/memory-mirror.ts';
import { scriptedAgent, type ScriptedAgent } from '../support/gateway/scripted-agent.ts';
import { startTemporalEnv, type TemporalEnv } from '../support/temporal/temporal-env.ts';
import { workflowBundle } from '../support/temporal/workflow-bundle.ts';
import { until } from '../support/until.ts';

let temporal: TemporalEnv;
let folder: string;
let bundlePath: string;
let warnings: LogEntry[] = [];

before(async () => {
  temporal = await startTemporalEnv((entry) => void warnings.push(entry));
  folder = await mkdtemp(join(tmpdir(), 'xswarm-forged-'));
  bundlePath = join(folder, 'bundle.js');
  await writeFile(bundlePath, (await workflowBundle()).code);
});
after(async () => {
  await temporal.stop();
  await rm(folder, { recursive: true, force: true });
});
beforeEach(() => {
  warnings = [];
});

/** The part of the installation that holds the keys `ring`. */
function clientOf(ring: KeyRing): Client {
  return new Client({ connection: temporal.env.connection, dataConverter: clientConverter(ring) });
}

/** Whoever reaches the gRPC port, without any key. */
function stranger(): Client {
  return new Client({ connection: temporal.env.connection });
}

async function workerOf(t: TestContext, ring: KeyRing, agent: ScriptedAgent): Promise<RunningWorker> {
  const worker = await startWorker({
    connection: await NativeConnection.connect({ address: temporal.env.address }),
    namespace: 'default',
    ring,
    mirror: makeMemoryMirror(),
    gateway: { url: 'ws://127.0.0.1:9', token: '', turnLimitSeconds: 0 },
    bundlePath,
    around: () => agent.activities,
  });
  t.after(() => worker.stop());
  return worker;
}

function workflowsOf(ring: KeyRing, budgetEvents = 1_000): ReturnType<typeof makeSessionWorkflows> {
  return makeSessionWorkflows({ client: clientOf(ring), ring, budgetEvents, queueDepth: 100 });
}

function newSession(): SessionStart {
  const options = { idle_after_seconds: 60, idle_timeout_seconds: 300 };
  return { session_id: randomUUID(), user_id: 'u-1', project_path: '/p', title: null, options };
}

const say = (content: string) => ({ message_id: randomUUID(), content });

async function untilDone(agent: ScriptedAgent, messageId: string): Promise<void> {
  await until('the message is carried out', () => agent.carriedOut.includes(messageId), { seen: () => warnings });
}

async function encrypted(value: unknown, workflowId: string, ring: KeyRing): Promise<Payload[]> {
  const context = { type: 'workflow', namespace: 'default', workflowId } as const;
  return await new EncryptingCodec(ring).encode([defaultPayloadConverter.toPayload(value)], context);
}

async function signalRaw(sessionId: string, signalName: string, payloads: Payload[]): Promise<void> {
  await temporal.env.connection.workflowService.signalWorkflowExecution({
    namespace: 'default',
    workflowExecution: { workflowId: workflowIdOf(sessionId) },
    signalName,
    input: { payloads },
  });
}

const plain = (value: unknown): Payload => defaultPayloadConverter.toPayload(value);

test('forged signals are dropped with a warning, and the session continues', async (t) => {
  const agent = scriptedAgent();
  await workerOf(t, temporal.ring, agent);
  const workflows = workflowsOf(temporal.ring);
  const session = newSession();
  await workflows.start(session);
  const first = say('ours');
  await workflows.submit(session.session_id, first);
  await untilDone(agent, first.message_id);

  const handle = temporal.env.client.workflow.getHandle(workflowIdOf(session.session_id));
  const [started] = (await handle.fetchHistory()).events ?? [];
  const ownStart = started?.workflowExecutionStartedEventAttributes?.input?.payloads ?? [];
  const workflowId = workflowIdOf(session.session_id);
  const forgeries: [name: string, payloads: Payload[]][] = [
    ['plain', [plain(say('rm -rf'))]],
    ['nothing', []],
    ['unparsable', [{ metadata: { encoding: Buffer.from('json/plain') }, data: Buffer.from('{') }]],
    ['no encoding', [{}]],
    ['plain null', [plain(null)]],
    ['another session', await encrypted(say('rm -rf'), 'session-other', temporal.ring)],
    ['an unknown key', await encrypted(say('rm -rf'), workflowId, new KeyRing(createKeyRing()))],
    ['what is accepted, beside what is not', [...(await encrypted(say('a'), workflowId, temporal.ring)), plain(1)]],
  ];
  for (const [, payloads] of forgeries) await signalRaw(session.session_id, submitMessage.name, payloads);
  await signalRaw(session.session_id, disconnect.name, [plain({ reason: 'forged' })]);
  await signalRaw(session.session_id, disconnect.name, []);
  // Copies of what the session itself has in its history: authentic, and of another kind.
  for (const name of [submitMessage.name, disconnect.name]) await signalRaw(session.session_id, name, ownStart);
  for (const value of [undefined, 'text', 7]) {
    await signalRaw(session.session_id, submitMessage.name, await encrypted(value, workflowId, temporal.ring));
  }

  const strange = stranger().workflow.getHandle(workflowId);
  await assert.rejects(strange.query(getLedger.name, { forged: true }), /Encoded failure/);
  // The rejection is encrypted as well.
  const unread = /Unknown encoding: binary\/encrypted/;
  const allow = { interaction_id: 'i-1', answer: { decision: 'allow' } };
  await assert.rejects(strange.executeUpdate(answerInteraction.name, { args: [allow] }), unread);
  await assert.rejects(strange.executeUpdate(answerInteraction.name, { args: [] }), unread);
  assert.equal(warnings.filter(({ message }) => message === 'refused a forged call').length, 3);

  const last = say('still ours');
  await workflows.submit(session.session_id, last);
  await untilDone(agent, last.message_id);
  const ledger = await workflows.ledger(session.session_id);
  assert.deepEqual([ledger.status, ledger.message_count], ['active', 2]);
  assert.deepEqual(agent.carriedOut, [first.message_id, last.message_id]);
  const dropped = warnings.filter(({ message }) => message === 'dropped a forged signal');
  assert.equal(dropped.length, forgeries.length + 2 + 3);
  const events = (await handle.fetchHistory()).events ?? [];
  assert.equal(events.filter((event) => event.workflowTaskFailedEventAttributes).length, 0);
  await workflows.disconnect(session.session_id, 'User requested');
  await handle.result();
});

test('a forged signal-with-start ends at once, runs nothing, and is not a session for the mirror', async (t) => {
  const agent = scriptedAgent();
  await workerOf(t, temporal.ring, agent);
  const session = newSession();
  await stranger().workflow.signalWithStart(SESSION_WORKFLOW, {
    workflowId: workflowIdOf(session.session_id),
    taskQueue: TASK_QUEUE,
    args: [{ start: session, budget_events: 1_000, queue_depth: 100 }],
    signal: submitMessage.name,
    signalArgs: [say('rm -rf')],
  });
  const handle = temporal.env.client.workflow.getHandle(workflowIdOf(session.session_id));
  await assert.rejects(handle.result(), WorkflowFailedError);
  assert.deepEqual([agent.calls.connect, agent.calls.mirror, agent.carriedOut], [0, 0, []]);
  assert.ok(warnings.some(({ message }) => message === 'ended a session that this installation did not start'));
  assert.equal(await makeSessionRecords({ client: temporal.env.client }).record(session.session_id), null);
});

test('an activity that a workflow of somebody else schedules is refused', async (t) => {
  const agent = scriptedAgent();
  await workerOf(t, temporal.ring, agent);
  const foreign = await Worker.create({
    connection: temporal.env.nativeConnection,
    taskQueue: 'foreign',
    workflowsPath: fileURLToPath(new URL('../support/temporal/foreign-workflow.ts', import.meta.url)),
  });
  await foreign.runUntil(async () => {
    const handle = await stranger().workflow.start('foreign', {
      workflowId: randomUUID(),
      taskQueue: 'foreign',
      args: [{ attachment: { session_id: 's', project_path: '/p', options: {}, epoch: 1, cursor: 0 }, snapshot: null }],
    });
    const failure = await until('the activity has failed', async () => {
      const { events } = await handle.fetchHistory();
      return events?.find((event) => event.activityTaskFailedEventAttributes)?.activityTaskFailedEventAttributes
        ?.failure;
    });
    assert.equal(failure.applicationFailureInfo?.type, 'FORGED_INPUT');
    await handle.terminate();
  });
  assert.equal(agent.calls.connect, 0);
});

test('a forged result of an activity counts as a failure: the message is handed over again and settled once', async (t) => {
  const agent = scriptedAgent();
  agent.thinkMs = 1_500;
  await workerOf(t, temporal.ring, agent);
  const workflows = workflowsOf(temporal.ring);
  const session = newSession();
  await workflows.start(session);
  const message = say('ours');
  await workflows.submit(session.session_id, message);
  await untilDone(agent, message.message_id);
  const handle = temporal.env.client.workflow.getHandle(workflowIdOf(session.session_id));
  const events = (await handle.fetchHistory()).events ?? [];
  const exchange = events.find(
    (event) => event.activityTaskScheduledEventAttributes?.activityType?.name === 'exchange',
  );
  const turn = { seq: 1, turn_id: 't', message_id: message.message_id, outcome: 'done', cost_nano: 9_000_000_000 };
  await temporal.env.connection.workflowService.respondActivityTaskCompletedById({
    namespace: 'default',
    workflowId: workflowIdOf(session.session_id),
    activityId: exchange?.activityTaskScheduledEventAttributes?.activityId,
    result: { payloads: [plain({ turns: [turn], cursor: 1, background_tasks: 0 })] },
  });
  await until('the turn is settled', async () => (await workflows.ledger(session.session_id)).cost_nano > 0);
  assert.equal((await workflows.ledger(session.session_id)).cost_nano, 1_000);
  assert.deepEqual(agent.carriedOut, [message.message_id]);
  await workflows.disconnect(session.session_id, 'User requested');
  await handle.result();
});

test('a session begun before the first key continues; its next run no longer accepts plain payloads', async (t) => {
  const agent = scriptedAgent();
  const before = await Worker.create({
    connection: temporal.env.nativeConnection,
    taskQueue: TASK_QUEUE,
    workflowBundle: await workflowBundle(),
    activities: agent.activities,
  });
  const session = newSession();
  const old = makeSessionWorkflows({ client: stranger(), ring: temporal.ring, budgetEvents: 40, queueDepth: 100 });
  const [first, waiting] = [say('plain'), say('signalled before the upgrade, carried out after it')];
  await before.runUntil(async () => {
    await old.start(session);
    await old.submit(session.session_id, first);
    await untilDone(agent, first.message_id);
  });
  await old.submit(session.session_id, waiting);

  const ring = new KeyRing(createKeyRing());
  await workerOf(t, ring, agent);
  const workflows = workflowsOf(ring);
  await untilDone(agent, waiting.message_id);
  const handle = clientOf(ring).workflow.getHandle(workflowIdOf(session.session_id));
  const { runId: firstRun } = await handle.describe();
  await until('the session continues as new', async () => {
    await workflows.submit(session.session_id, say('encrypted'));
    return (await handle.describe()).runId !== firstRun;
  });
  const { message_count } = await workflows.ledger(session.session_id);

  await old.submit(session.session_id, say('forged'));
  const last = say('ours');
  await workflows.submit(session.session_id, last);
  await untilDone(agent, last.message_id);
  assert.equal((await workflows.ledger(session.session_id)).message_count, message_count + 1);
  assert.ok(warnings.some(({ message }) => message === 'dropped a forged signal'));
  const past = await makeSessionRecords({ client: clientOf(ring) }).past(session.session_id);
  assert.deepEqual(
    past.messages.slice(0, 2).map(({ content }) => content),
    [first.content, waiting.content],
  );
  assert.ok(!past.messages.some(({ content }) => content === 'forged'));
  await workflows.disconnect(session.session_id, 'User requested');
  await handle.result();
});

test('after a rotation a session continues under the new key, and what the old key encrypted is still read', async (t) => {
  const agent = scriptedAgent();
  const key = (seconds: number): string => `${seconds}.${randomUUID().replaceAll('-', '').repeat(2)}`;
  const one = key(1_700_000_000);
  const both = `${one},${key(1_750_000_000)}`;
  const session = newSession();
  let worker = await workerOf(t, new KeyRing(one), agent);
  await workflowsOf(new KeyRing(one)).start(session);
  const [first, second] = [say('under the old key'), say('under the new key')];
  await workflowsOf(new KeyRing(one)).submit(session.session_id, first);
  await untilDone(agent, first.message_id);
  await worker.stop();

  const ring = new KeyRing(both);
  worker = await workerOf(t, ring, agent);
  await workflowsOf(ring).submit(session.session_id, second);
  await untilDone(agent, second.message_id);
  const past = await makeSessionRecords({ client: clientOf(ring) }).past(session.session_id);
  assert.deepEqual(
    past.messages.map(({ content }) => content),
    [first.content, second.content],
  );
  await workflowsOf(ring).disconnect(session.session_id, 'User requested');
  await clientOf(ring).workflow.getHandle(workflowIdOf(session.session_id)).result();
});
