import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import test, { after, before } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Worker } from '@temporalio/worker';
import { workerConverter } from '../../temporal/payloads/data-converter.ts';
import { readPayload } from '../../temporal/payloads/read-payload.ts';
import { makeSessionWorkflows } from '../../temporal/session-workflows.ts';
import { TASK_QUEUE } from '../../temporal/settings.ts';
import { workflowIdOf } from '../../workflows/definitions.ts';
import type { SessionInput } from '../../workflows/session/session.ts';
import { scriptedAgent } from '../support/gateway/scripted-agent.ts';
import { startTemporalEnv, type TemporalEnv } from '../support/temporal/temporal-env.ts';
import { workflowBundle } from '../support/temporal/workflow-bundle.ts';

/** A week with four messages a day, the session idle between them; a timer of the server takes about a second at least. */
const MESSAGES = 28;
const IDLE_AFTER_SECONDS = 0.08;
const BUDGET_EVENTS = 120;
/** After the first two days everything that is kept once is there. */
const WARM = 8;
const HEAP_GROWTH_BYTES = 2 * 1024 * 1024;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

let temporal: TemporalEnv;
before(async () => {
  temporal = await startTemporalEnv();
});
after(async () => {
  await temporal.stop();
});

/** What the worker's process holds: its heap without garbage, and its timers. */
function held(): { heapBytes: number; timers: number } {
  collectGarbage();
  const timers = process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
  return { heapBytes: process.memoryUsage().heapUsed, timers };
}

interface Run {
  events: number;
  openTimers: number;
  inputBytes: number;
}

/** One run: its length, its timers that neither fired nor were cancelled, what it began with, and the run before it. */
async function readRun(workflowId: string, runId: string): Promise<Run & { before: string }> {
  const history = await temporal.env.client.workflow.getHandle(workflowId, runId).fetchHistory();
  const events = history.events ?? [];
  const count = (type: keyof (typeof events)[number]): number => events.filter((event) => event[type]).length;
  const started = events[0]?.workflowExecutionStartedEventAttributes;
  const [payload] = started?.input?.payloads ?? [];
  const run = { workflowId, startedAt: new Date() };
  const input = payload ? await readPayload<SessionInput>(temporal.env.client, payload, run) : null;
  return {
    events: events.length,
    openTimers:
      count('timerStartedEventAttributes') - count('timerFiredEventAttributes') - count('timerCanceledEventAttributes'),
    inputBytes: JSON.stringify(input).length,
    before: started?.continuedExecutionRunId ?? '',
  };
}

/** Every run of a session, oldest first. */
async function runsOf(workflowId: string): Promise<Run[]> {
  const runs: Run[] = [];
  let { runId } = await temporal.env.client.workflow.getHandle(workflowId).describe();
  while (runId !== '') {
    const run = await readRun(workflowId, runId);
    runs.unshift(run);
    runId = run.before;
  }
  return runs;
}

test('a week of one session, scaled down, grows neither its history nor its timers, nor memory, nor what it carries over', async () => {
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
    budgetEvents: BUDGET_EVENTS,
    queueDepth: 100,
  });
  const sessionId = randomUUID();
  await worker.runUntil(async () => {
    await workflows.start({
      session_id: sessionId,
      user_id: 'u-1',
      project_path: '/p',
      title: null,
      options: { idle_after_seconds: IDLE_AFTER_SECONDS, idle_timeout_seconds: 3_600 },
    });
    let warm = held();
    for (let index = 0; index < MESSAGES; index += 1) {
      if (index === WARM) warm = held();
      await workflows.submit(sessionId, { message_id: randomUUID(), content: 'hi' });
      while (agent.calls.release <= index) await delay(20);
    }
    const end = held();
    const ledger = await workflows.ledger(sessionId);
    assert.deepEqual([ledger.message_count, ledger.cost_nano], [MESSAGES, MESSAGES * 1_000]);
    const runs = await runsOf(workflowIdOf(sessionId));
    await workflows.disconnect(sessionId, 'User requested');
    await temporal.env.client.workflow.getHandle(workflowIdOf(sessionId)).result();

    assert.ok(runs.length >= 5, `${runs.length} runs`);
    assert.ok(agent.epochs.length > MESSAGES * 0.8, `${agent.epochs.length} resumes after idle`);
    const longest = Math.max(...runs.map((run) => run.events));
    assert.ok(longest <= BUDGET_EVENTS + 60, `the longest run has ${longest} events`);
    const timers = Math.max(...runs.map((run) => run.openTimers));
    assert.ok(timers <= 3, `${timers} timers are open at once`);
    assert.ok(end.timers <= warm.timers, `the process has ${end.timers} timers, ${warm.timers} after two days`);
    const heapGrown = end.heapBytes - warm.heapBytes;
    assert.ok(heapGrown < HEAP_GROWTH_BYTES, `the heap grew by ${heapGrown} bytes`);
    // What is carried over holds the ids taken last: 39 bytes a message, up to 1,000 of them, and nothing else grows.
    const [first = 0, last = 0] = [runs[1]?.inputBytes, runs.at(-1)?.inputBytes];
    const grown = last - first - 39 * MESSAGES;
    assert.ok(grown < 200, `what is carried over grew by ${grown} bytes beside the ids`);
  });
});
