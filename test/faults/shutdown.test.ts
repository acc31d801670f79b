import assert from 'node:assert/strict';
import { join } from 'node:path';
import test, { after, before } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import BetterSqlite3 from 'better-sqlite3';
import { ClaudeCodeConnector } from '../../client/connector.ts';
import { makeSystem, type System } from '../support/system.ts';
import { until } from '../support/until.ts';
import { markedProcesses } from './processes.ts';

const RUN = `shutdown-${process.pid}`;
let system: System;
let connector: ClaudeCodeConnector;

before(async () => {
  system = await makeSystem({ env: { FAULT_RUN: RUN, XSWARM_GATEWAY_AGENT: 'simulator' } });
  connector = new ClaudeCodeConnector({ url: system.restUrl });
  await system.start();
  await system.cli('user', 'add', 'tester');
});
after(async () => {
  await system.remove();
});

const processes = (): number => markedProcesses(`FAULT_RUN=${RUN}`).length;

/** Hands over messages that are still being carried out, and waiting, when this resolves. */
async function busySession(script: string): Promise<{ sessionId: string; ids: string[] }> {
  const { id: sessionId } = await connector.createSession('tester', system.project);
  const ids: string[] = [];
  for (const word of ['one', 'two', 'three']) {
    ids.push((await connector.sendMessage(sessionId, `${script} ${word}`)).id);
  }
  await until('a turn runs', async () => {
    const { body } = await system.rest('GET', `/sessions/${sessionId}/messages/${ids[0]}`);
    return body.status === 'sent';
  });
  return { sessionId, ids };
}

async function outcomes({ sessionId, ids }: { sessionId: string; ids: string[] }): Promise<unknown[]> {
  const states = ids.map(async (id) => (await system.rest('GET', `/sessions/${sessionId}/messages/${id}`)).body.status);
  return await Promise.all(states);
}

/** How often the gateway has begun a message's turn. */
function attemptsOf(messageId = ''): number | undefined {
  const journal = new BetterSqlite3(join(system.home, 'gateway.db'), { readonly: true });
  const attempts = journal.prepare<[string], number>('SELECT attempts FROM turns WHERE message_id = ?').pluck();
  try {
    return attempts.get(messageId);
  } finally {
    journal.close();
  }
}

async function terminate(signals: number): Promise<{ code: number | null; ms: number }> {
  const began = performance.now();
  const pid = system.pid();
  const exited = new Promise<void>((resolve) => {
    const look = setInterval(() => {
      try {
        process.kill(pid, 0);
      } catch {
        clearInterval(look);
        resolve();
      }
    }, 20);
  });
  for (let sent = 0; sent < signals; sent += 1) {
    process.kill(pid, 'SIGTERM');
    await delay(300);
  }
  await exited;
  return { code: system.exitCode(), ms: performance.now() - began };
}

test('SIGTERM in the middle of turns: it ends in time, and what was accepted is carried out after the next start', async () => {
  const sessions = await Promise.all([busySession('[think 4s]'), busySession('[stream 300ms]')]);
  const { code, ms } = await terminate(1);
  assert.deepEqual([code, processes()], [0, 0], system.output());
  assert.ok(ms < 10_000, `it took ${ms} ms`);
  await system.start();
  for (const session of sessions) {
    await until('all are done', async () => (await outcomes(session)).every((status) => status === 'done'), {
      limitMs: 40_000,
    });
  }
});

test('a second SIGTERM is faster and as safe', async () => {
  const session = await busySession('[think 4s]');
  const { ms } = await terminate(2);
  assert.ok(ms < 3_000, `it took ${ms} ms`);
  await until('nothing is left', () => processes() === 0, { limitMs: 5_000 });
  await system.start();
  await until('all are done', async () => (await outcomes(session)).every((status) => status === 'done'), {
    limitMs: 40_000,
  });
});

test('while it stops nothing new is taken: callers are told to come again, or nobody listens', async () => {
  const session = await busySession('[think 2s]');
  const stopping = terminate(1);
  const late = await system
    .rest('POST', `/sessions/${session.sessionId}/messages`, { message: 'late' }, { prefer: 'respond-async' })
    .catch(() => null);
  await stopping;
  await system.start();
  assert.equal(attemptsOf(session.ids[0]), 1, 'a turn that ends in time is not begun again');
  if (late !== null) assert.ok([202, 503].includes(late.status), JSON.stringify(late.body));
  await until('all are done', async () => (await outcomes(session)).every((status) => status === 'done'), {
    limitMs: 40_000,
  });
});
