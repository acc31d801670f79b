import assert from 'node:assert/strict';
import { request } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { test } from 'node:test';
import { callRest } from '../support/api/call-rest.ts';
import { readEvents } from '../support/api/event-stream-client.ts';
import { SUPERVISOR_TOKEN, openDoors } from '../support/api/open-doors.ts';
import type { OpenDoors } from '../support/api/open-doors.ts';
import { connectSupervisor } from '../support/api/supervisor-client.ts';

async function withSession(options: Parameters<typeof openDoors>[0]): Promise<OpenDoors> {
  const doors = await openDoors(options);
  await callRest('POST', `${doors.base}/sessions`, { session_id: 's', user_id: 'alice', project_path: '/p' });
  return doors;
}

/** Writes as fast as it can for a while: much more than sockets hold. */
async function flood(doors: OpenDoors, events: number): Promise<void> {
  const text = 'x'.repeat(20_000);
  for (let n = 0; n < events; n += 1) {
    doors.streams.add('s', { type: 'notice', level: 'info', text, timestamp: new Date().toISOString() });
    if (n % 20 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
}

test('an SSE reader that takes nothing is told, and the stream ends', async () => {
  const doors = await withSession({ limits: { stallMs: 300 } });
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    const call = request(`${doors.base}/sessions/s/events`, { headers: { accept: 'text/event-stream' }, agent: false });
    call.on('response', resolve).on('error', reject).end();
  });
  answer.pause();
  await flood(doors, 800);
  await new Promise((resolve) => setTimeout(resolve, 600));
  let text = '';
  const end = new Promise<void>((resolve) => answer.once('close', resolve));
  answer.on('data', (chunk: Buffer) => (text = (text + chunk.toString()).slice(-1_000)));
  answer.on('error', () => undefined).resume();
  await end;
  await doors.api.close();
  assert.match(text, /event: error\ndata: \{"type":"error","message":"Reader is too slow: .*"code":"SLOW_READER"/);
});

test('a supervisor reader that takes nothing is told and closed with 4413, and resumes by number', async () => {
  const doors = await withSession({ limits: { stallMs: 400 } });
  const slow = await connectSupervisor(doors.api.supervisorUrl, SUPERVISOR_TOKEN);
  await slow.ask({ type: 'subscribe', session_id: 's' });
  await slow.next({ type: 'claude_code_event', seq: 1 });
  slow.socket.pause();
  await flood(doors, 900);
  await new Promise((resolve) => setTimeout(resolve, 500));
  slow.socket.resume();
  assert.equal(await slow.closed, 4413);
  assert.equal(slow.frames.at(-1)?.['code'], 'SLOW_READER');
  const last = Number(slow.frames.filter(({ seq }) => seq !== undefined).at(-1)?.['seq']);
  const again = await connectSupervisor(doors.api.supervisorUrl, SUPERVISOR_TOKEN);
  await again.ask({ type: 'subscribe', session_id: 's', after_seq: last });
  const first = await again.next({ type: 'claude_code_event' });
  await again.next({ type: 'claude_code_event', seq: 902 });
  await again.close();
  await doors.api.close();
  assert.equal(first['seq'], last + 1);
});

test('a peer that answers no ping is cut', async () => {
  const doors = await openDoors({ limits: { pingMs: 100 } });
  const alive = await connectSupervisor(doors.api.supervisorUrl, SUPERVISOR_TOKEN);
  const dead = await connectSupervisor(doors.api.supervisorUrl, SUPERVISOR_TOKEN);
  dead.socket.pong = () => undefined;
  (dead.socket as unknown as { _autoPong: boolean })._autoPong = false;
  assert.equal(await dead.closed, 1006);
  assert.equal((await alive.ask({ type: 'ping' })).type, 'pong');
  await doors.api.close();
});

test('a stop ends streams with a comment and sockets with 1001, at once', async () => {
  const doors = await withSession({});
  const socket = await connectSupervisor(doors.api.supervisorUrl, SUPERVISOR_TOKEN);
  await socket.ask({ type: 'subscribe', session_id: 's' });
  const [one, all] = [await readEvents(`${doors.base}/sessions/s/events`), await readEvents(`${doors.base}/events`)];
  await one.until((events) => events.length === 2);
  await all.until((events) => events.length === 1);
  const started = performance.now();
  await Promise.all([doors.api.close(), doors.api.close()]);
  assert.ok(performance.now() - started < 1_000);
  await Promise.all([one.ended, all.ended]);
  assert.deepEqual(
    [one.comments, all.comments, await socket.closed],
    [['the server stops'], ['the server stops'], 1001],
  );
});

test('one connection has a rate, a number of commands and a number of subscriptions', async () => {
  const doors = await withSession({ limits: { maxCommands: 2, maxSubscriptions: 1 } });
  await callRest('POST', `${doors.base}/sessions`, { session_id: 't', user_id: 'alice', project_path: '/p' });
  const client = await connectSupervisor(doors.api.supervisorUrl, SUPERVISOR_TOKEN);
  await client.ask({ type: 'subscribe', session_id: 's' });
  assert.equal((await client.ask({ type: 'subscribe', session_id: 's' })).type, 'subscribed');
  assert.equal((await client.ask({ type: 'subscribe', session_id: 't' }))['code'], 'RATE_LIMITED');
  for (let n = 0; n < 2; n += 1) client.send({ type: 'claude_code_message', session_id: 's', message: 'never' });
  assert.equal((await client.ask({ type: 'get_session_status', session_id: 's' }))['code'], 'RATE_LIMITED');
  await client.close();
  await doors.api.close();

  const strict = await openDoors({ rateLimitPerMinute: 2 });
  const caller = await connectSupervisor(strict.api.supervisorUrl, SUPERVISOR_TOKEN);
  const answers = [
    await caller.ask({ type: 'ping' }),
    await caller.ask({ type: 'ping' }),
    await caller.ask({ type: 'ping' }),
  ];
  await caller.close();
  const again = await connectSupervisor(strict.api.supervisorUrl, SUPERVISOR_TOKEN);
  answers.push(await again.ask({ type: 'ping' }));
  await again.close();
  await strict.api.close();
  assert.deepEqual(
    answers.map((answer) => answer['code'] ?? answer.type),
    // A new connection does not bring a new rate.
    ['pong', 'pong', 'RATE_LIMITED', 'RATE_LIMITED'],
  );
});
