import assert from 'node:assert/strict';
import { join } from 'node:path';
import test, { after, afterEach, before, beforeEach } from 'node:test';
import { Client, Connection } from '@temporalio/client';
import BetterSqlite3 from 'better-sqlite3';
import { workflowIdOf } from '../../workflows/definitions.ts';
import { makeNextBuild, NEXT_PATCH, NEXT_VERSION, type NextBuild } from '../support/next-build.ts';
import { processTree } from '../support/machine/process-tree.ts';
import { jsonLines } from '../support/run-cli.ts';
import { makeSystem, type System } from '../support/system.ts';
import { until } from '../support/until.ts';

let next: NextBuild;
let system: System;

before(async () => {
  next = await makeNextBuild();
});
after(() => next.remove());
beforeEach(async () => {
  system = await makeSystem({ env: { XSWARM_GATEWAY_AGENT: 'simulator' } });
  await system.start();
  await system.cli('user', 'add', 'ann');
});
afterEach(() => system.remove());

interface Busy {
  sessionId: string;
  messages: string[];
}

/** A session of the present build with an answer behind it, a turn in flight and two messages in its queue. */
async function busySession(): Promise<Busy> {
  const made = await system.rest('POST', '/sessions', { user_id: 'ann', project_path: system.project });
  const sessionId = String(made.body.session_id);
  const messages = [await send(sessionId, 'hello')];
  await until('an answer', async () => (await statusOf(sessionId, messages[0])) === 'done');
  for (const text of ['[think 2s] in flight', 'waits', 'waits, too']) messages.push(await send(sessionId, text));
  await until('a turn runs', async () => (await statusOf(sessionId, messages[1])) === 'sent');
  return { sessionId, messages };
}

async function send(sessionId: string, message: string): Promise<string> {
  const path = `/sessions/${sessionId}/messages`;
  const { status, body } = await system.rest('POST', path, { message }, { prefer: 'respond-async' });
  assert.equal(status, 202, JSON.stringify(body));
  return String(body.message_id);
}

async function statusOf(sessionId: string, message = ''): Promise<unknown> {
  return (await system.rest('GET', `/sessions/${sessionId}/messages/${message}`)).body.status;
}

/** The names of the patches that a session's only run has met, and how many of its workflow tasks failed. */
async function historyOf(sessionId: string): Promise<{ patches: string[]; failedTasks: number }> {
  const connection = await Connection.connect({ address: system.temporalAddress });
  try {
    const { events } = await new Client({ connection }).workflow.getHandle(workflowIdOf(sessionId)).fetchHistory();
    const patches = (events ?? []).flatMap(({ markerRecordedEventAttributes: marker }) => {
      if (marker?.markerName !== 'core_patch') return [];
      const data = marker.details?.['patch-data']?.payloads?.[0]?.data ?? new Uint8Array();
      return [(JSON.parse(Buffer.from(data).toString('utf8')) as { id: string }).id];
    });
    return { patches, failedTasks: (events ?? []).filter((event) => event.workflowTaskFailedEventAttributes).length };
  } finally {
    await connection.close();
  }
}

/** How often each message was answered, as the journal and the mirror have it. */
function answers({ messages }: Busy): Record<string, number[]> {
  const journal = new BetterSqlite3(join(system.home, 'gateway.db'), { readonly: true });
  const mirror = new BetterSqlite3(join(system.home, 'xswarm.db'), { readonly: true });
  const results = journal
    .prepare<[string], number>(
      `SELECT count(*) FROM events WHERE body ->> '$.type' = 'result' AND body ->> '$.turn.message_id' = ?`,
    )
    .pluck();
  const replies = mirror
    .prepare<[string], number>('SELECT count(*) FROM claude_code_messages WHERE reply_to = ?')
    .pluck();
  const counted = messages.map((id): [string, number[]] => [id, [results.get(id) ?? 0, replies.get(id) ?? 0]]);
  journal.close();
  mirror.close();
  return Object.fromEntries(counted);
}

async function assertGoesOnWithNext(session: Busy): Promise<void> {
  await system.start(undefined, next.bin);
  const version = (await (await fetch(`${system.restUrl}/version`)).json()) as { version: string };
  assert.equal(version.version, NEXT_VERSION);
  session.messages.push(await send(session.sessionId, 'after the upgrade'));
  for (const id of session.messages) {
    await until(`${id} is done`, async () => (await statusOf(session.sessionId, id)) === 'done');
  }
  assert.deepEqual(answers(session), Object.fromEntries(session.messages.map((id) => [id, [1, 1]])));
  assert.deepEqual(await historyOf(session.sessionId), { patches: [NEXT_PATCH], failedTasks: 0 });
  const check = await system.cli('mirror', 'check', '--json');
  assert.equal(jsonLines(check.stdout).at(-1)?.differences, 0, check.stdout);
}

test('SIGTERM in mid-turn, then the next build: the session goes on in its run, each message is answered once', async () => {
  const session = await busySession();
  process.kill(system.pid(), 'SIGTERM');
  await until('it has ended', () => system.exitCode() !== null);
  await assertGoesOnWithNext(session);
});

test('SIGKILL of everything in mid-turn, then the next build, killed and started once more: the same', async () => {
  const session = await busySession();
  killAll();
  await assertGoesOnWithNext(session);
  killAll();
  // What the next build wrote into the run is replayed by it, too.
  await system.start(undefined, next.bin);
  session.messages.push(await send(session.sessionId, 'once more'));
  await until(
    'the last one is done',
    async () => (await statusOf(session.sessionId, session.messages.at(-1))) === 'done',
  );
  assert.deepEqual(await historyOf(session.sessionId), { patches: [NEXT_PATCH], failedTasks: 0 });
});

function killAll(): void {
  for (const pid of processTree(system.pid()).reverse()) process.kill(pid, 'SIGKILL');
}
