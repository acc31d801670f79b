import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { after, before } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { makeSystem, type RestAnswer, type System } from '../support/system.ts';
import { until } from '../support/until.ts';
import { residentMib } from './processes.ts';

const SESSIONS = 3;
const DEPTH = 20;
let system: System;
const ids: string[] = [];

before(async () => {
  system = await makeSystem({
    env: {
      XSWARM_GATEWAY_AGENT: 'simulator',
      XSWARM_CLAUDE_CODE_MAX_SESSIONS: String(SESSIONS),
      XSWARM_CLAUDE_CODE_QUEUE_DEPTH: String(DEPTH),
    },
  });
  await system.start();
  await system.cli('user', 'add', 'tester');
  for (let index = 0; index < SESSIONS; index += 1) {
    ids.push(String((await create()).body.session_id));
  }
});
after(async () => {
  await system.remove();
});

const create = (): Promise<RestAnswer> =>
  system.rest('POST', '/sessions', { user_id: 'tester', project_path: system.project });
/** Longest time that an answer of the api may take in the middle of the storm. */
const SANE_MS = 10_000;

const send = (id: string, message: string): Promise<RestAnswer> =>
  system.rest('POST', `/sessions/${id}/messages`, { message }, { prefer: 'respond-async' });

function appMib(): number {
  const children = JSON.parse(readFileSync(join(system.home, 'children.json'), 'utf8')) as {
    name: string;
    pid: number;
  }[];
  return residentMib(children.find(({ name }) => name === 'app')?.pid ?? null);
}

async function settled(): Promise<void> {
  for (const id of ids) {
    await until(
      'an empty queue',
      async () => {
        const { body } = await system.rest('GET', `/sessions/${id}/messages?limit=100`);
        const messages = body.messages as { status: string }[];
        return messages.every(({ status }) => status !== 'queued' && status !== 'sent');
      },
      { limitMs: 60_000 },
    );
  }
}

test('one session more than there are places is refused with 429 and when to come again', async () => {
  const answer = await create();
  assert.deepEqual([answer.status, answer.body.code], [429, 'MAX_SESSIONS']);
  assert.ok(Number(answer.headers.get('retry-after')) > 0);
});

test('more messages than the queues hold: some are refused with 429, what was accepted is done, the rest still answers', async () => {
  const before = appMib();
  const storm = Promise.all(
    Array.from({ length: 600 }, (_, index) => send(ids[index % SESSIONS] ?? '', `[think 50ms] number ${index}`)),
  );
  const asked = performance.now();
  assert.equal((await fetch(`${system.restUrl}/health`)).status, 200);
  const healthMs = performance.now() - asked;
  const answers = await storm;
  const stormMs = performance.now() - asked;
  assert.ok(stormMs < SANE_MS, `the last of 600 answers took ${stormMs} ms`);
  const accepted = answers.filter(({ status }) => status === 202);
  const refused = answers.filter(({ status }) => status === 429);
  assert.equal(
    accepted.length + refused.length,
    600,
    JSON.stringify(answers.find(({ status }) => status >= 500)?.body),
  );
  assert.ok(accepted.length >= SESSIONS * DEPTH, `${accepted.length} accepted`);
  assert.ok(refused.length > 0);
  for (const { body, headers } of refused) {
    assert.equal(body.code, 'QUEUE_FULL');
    assert.ok(Number(headers.get('retry-after')) > 0);
  }
  assert.ok(healthMs < SANE_MS / 2, `health took ${healthMs} ms`);
  await settled();
  for (const { body } of accepted) {
    const state = await system.rest('GET', String(body.url).replace('/api/claude-code', ''));
    assert.equal(state.body.status, 'done', JSON.stringify(state.body));
  }
  assert.ok(appMib() - before < 200, `the app grew from ${before} to ${appMib()} MiB`);
});

test('callers that disappear in mid-answer cost nothing: the turns are done, and the next caller is served', async () => {
  const before = appMib();
  for (let round = 0; round < 5; round += 1) {
    const gone = new AbortController();
    const waiting = ids.flatMap((id) =>
      Array.from({ length: 10 }, (_, index) =>
        fetch(`${system.restUrl}/api/claude-code/sessions/${id}/messages`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ message: `[think 20ms] ${round} ${index}` }),
          signal: gone.signal,
        }).catch(() => null),
      ),
    );
    await delay(150);
    gone.abort();
    await Promise.all(waiting);
    await settled();
  }
  const answer = await system.rest('POST', `/sessions/${ids[0]}/messages`, { message: 'still there?' });
  assert.equal(answer.status, 200);
  assert.ok(appMib() - before < 100, `the app grew from ${before} to ${appMib()} MiB`);
});
