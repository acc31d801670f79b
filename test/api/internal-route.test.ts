import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { RemoteMirror } from '../../protocol/mirror-http.ts';
import type { Mirror, MirrorWrite } from '../../domain/mirror/mirror-write.ts';
import { callRest } from '../support/api/call-rest.ts';
import { readEvents } from '../support/api/event-stream-client.ts';
import { snapshotOf, turnOf } from '../support/histories.ts';
import { INTERNAL_TOKEN } from '../support/api/open-doors.ts';
import { openRealDoors } from '../support/api/open-real-doors.ts';

const timestamp = '2026-01-01T00:00:00.000Z';
const message_id = '7d444840-9dc0-41d1-b245-5ffdce74fad2';
const history = (session_id: string): MirrorWrite[] => [
  { type: 'session', snapshot: snapshotOf({ session_id, user_id: 'bob', version: 1 }) },
  { type: 'queued', session_id, timestamp, message: { message_id, content: 'hi', context: { a: 1 } } },
  { type: 'agent', session_id, seq: 1, event: { type: 'accepted', timestamp, message_id, content: 'hi' } },
  { type: 'agent', session_id, seq: 2, event: { type: 'result', timestamp, turn: turnOf({ message_id }) } },
];

test('a worker on another host writes the mirror through the api, and writing twice changes nothing', async (t) => {
  const doors = await openRealDoors(t);
  const remote = new RemoteMirror({ url: doors.api.restUrl, token: INTERNAL_TOKEN });
  await remote.write(history('far'));
  const once = await callRest('GET', `${doors.base}/sessions/far/events`);
  await remote.write(history('far'));
  const twice = await callRest('GET', `${doors.base}/sessions/far/events`);
  assert.ok((once.body['events'] as unknown[]).length >= 3);
  assert.deepEqual(twice.body, once.body);
});

test('a worker on another host reads bodies, and is told when one is lost', async (t) => {
  const doors = await openRealDoors(t);
  const remote = new RemoteMirror({ url: doors.api.restUrl, token: INTERNAL_TOKEN });
  await remote.write(history('far'));
  assert.deepEqual(await remote.readBody(message_id), { message_id, content: 'hi', context: { a: 1 } });
  await assert.rejects(remote.readBody('none'), { code: 'MESSAGE_BODY_LOST', message: 'Message body lost: none' });
});

test('live text of a worker on another host reaches the watchers, in order', async (t) => {
  const doors = await openRealDoors(t);
  const remote = new RemoteMirror({ url: doors.api.restUrl, token: INTERNAL_TOKEN });
  await remote.write(history('far'));
  const stream = await readEvents(`${doors.base}/sessions/far/events`);
  await stream.until((events) => events.length >= 3);
  const pieces = Array.from({ length: 50 }, (_, n) => `piece ${n}`);
  for (const text of pieces) remote.live('far', { message_id, text });
  const deltas = (): unknown[] =>
    stream.events.filter(({ event }) => event === 'text_delta').map(({ data }) => data['text']);
  await stream.until(() => deltas().length === pieces.length);
  stream.hangUp();
  assert.deepEqual(deltas(), pieces);
});

test('the internal route wants its own token and is in no document', async (t) => {
  const doors = await openRealDoors(t);
  for (const authorization of ['', 'Bearer wrong', `Bearer ${doors.tokens.ann}`]) {
    const headers = authorization === '' ? {} : { authorization };
    const { status, body } = await callRest(
      'POST',
      `${doors.api.restUrl}/internal/mirror`,
      [],
      headers as Record<string, string>,
    );
    assert.deepEqual([status, body['code']], [401, 'UNAUTHENTICATED']);
  }
  assert.doesNotMatch((await callRest('GET', `${doors.api.restUrl}/openapi.json`)).text, /internal\//);
});

test('a write that is none is refused as INVALID_REQUEST', async (t) => {
  const doors = await openRealDoors(t);
  const remote = new RemoteMirror({ url: doors.api.restUrl, token: INTERNAL_TOKEN });
  const wrong = [{ type: 'agent', session_id: 's', seq: 0, event: {} }] as unknown as MirrorWrite[];
  await assert.rejects(remote.write(wrong), { code: 'INVALID_REQUEST' });
});

test('without an internal token nobody gets in', async (t) => {
  const doors = await openRealDoors(t, { internalToken: '' });
  const { status } = await callRest('POST', `${doors.api.restUrl}/internal/mirror`, [], { authorization: 'Bearer ' });
  assert.equal(status, 401);
});

/** A server that answers nothing, or rubbish. */
async function badApi(t: { after(done: () => void): void }, answer: string | null, status = 500): Promise<Mirror> {
  const server = createServer((_req, res) => (answer === null ? undefined : res.writeHead(status).end(answer)));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return new RemoteMirror({ url: `http://127.0.0.1:${port}`, token: 'x', timeoutMs: 100 });
}

test('an api that is silent, answers rubbish, or is away is UNAVAILABLE', async (t) => {
  for (const answer of [null, 'rubbish', '{"code":"INTERNAL"}', '{"code":"NO_SUCH"}']) {
    await assert.rejects((await badApi(t, answer)).write(history('s')), { code: 'UNAVAILABLE' });
  }
  const away = new RemoteMirror({ url: 'http://127.0.0.1:1', token: 'x' });
  await assert.rejects(away.readBody('m'), { code: 'UNAVAILABLE' });
});

test('what an api refuses for good is told apart from one that is away', async (t) => {
  const internal = await badApi(t, '{"code":"INTERNAL","message":"Internal error"}');
  await assert.rejects(internal.write(history('s')), { code: 'INTERNAL', message: 'Internal error' });
  const proxy = await badApi(t, '<html>', 413);
  await assert.rejects(proxy.write(history('s')), { code: 'TOO_LARGE' });
});

test('live text that does not get through is told and dropped', async () => {
  const lost = await new Promise<unknown>((resolve) => {
    const away = new RemoteMirror({ url: 'http://127.0.0.1:1', token: 'x', onLiveLost: resolve });
    away.live('s', { message_id: null, text: 'x' });
  });
  assert.equal((lost as { code: string }).code, 'UNAVAILABLE');
});
