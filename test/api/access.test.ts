import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { callRest } from '../support/api/call-rest.ts';
import type { RestAnswer } from '../support/api/call-rest.ts';
import { until } from '../support/until.ts';
import { openDoors } from '../support/api/open-doors.ts';
import type { OpenDoors } from '../support/api/open-doors.ts';

const bearer = (user: string): Record<string, string> => ({ authorization: `Bearer token-${user}` });

describe('local mode', () => {
  let doors: OpenDoors;
  before(async () => void (doors = await openDoors()));
  after(async () => await doors.api.close());
  const list = (headers: Record<string, string>): Promise<RestAnswer> =>
    callRest('GET', `${doors.base}/sessions`, undefined, headers);

  for (const host of ['localhost', 'localhost:1', 'LOCALHOST:8787', '127.0.0.1:8787', '127.9.9.9', '[::1]:8787']) {
    test(`Host ${host} is at home`, async () => assert.equal((await list({ host })).status, 200));
  }
  for (const host of [
    'evil.example',
    'evil.example:8787',
    'localhost.evil.example',
    '10.0.0.1',
    '0.0.0.0',
    '127.0.0.1.evil.example',
    'localhost@evil.example',
  ]) {
    test(`Host "${host}" is refused`, async () => {
      const { status, body } = await list({ host });
      assert.deepEqual([status, body['code']], [403, 'FORBIDDEN']);
    });
  }
  for (const origin of [
    'http://evil.example',
    'https://localhost.evil.example',
    'null',
    'file://',
    'chrome-extension://abc',
  ]) {
    test(`Origin ${origin} is refused`, async () => {
      const { status, body } = await list({ origin });
      assert.deepEqual([status, body['message']], [403, 'Origin is foreign']);
    });
  }

  test('a token authenticates when it is given, and a bad one is refused', async () => {
    await callRest('POST', `${doors.base}/sessions`, { user_id: 'bob', project_path: '/p' });
    assert.deepEqual((await list(bearer('alice'))).body['sessions'], []);
    for (const authorization of ['Bearer wrong', 'Bearer', 'Basic dXNlcjpwdw==']) {
      const { status, body, headers } = await list({ authorization });
      assert.deepEqual([status, body['code'], headers['www-authenticate']], [401, 'UNAUTHENTICATED', 'Bearer']);
    }
  });
});

describe('token mode', () => {
  let doors: OpenDoors;
  before(async () => void (doors = await openDoors({ auth: 'token' })));
  after(async () => await doors.api.close());

  test('every route but the open ones wants a token', async () => {
    const document = (await callRest('GET', `${doors.api.restUrl}/openapi.json`)).body as {
      paths: Record<string, Record<string, { security?: unknown[] }>>;
    };
    for (const [path, methods] of Object.entries(document.paths)) {
      for (const [method, { security }] of Object.entries(methods)) {
        const { status } = await callRest(method.toUpperCase(), `${doors.api.restUrl}${path.replaceAll(/[{}]/g, '')}`);
        assert.equal(status, security === undefined ? 401 : 200, `${method} ${path}`);
      }
    }
  });

  test('a foreign Host is welcome, because the token decides', async () => {
    const { status } = await callRest('GET', `${doors.base}/sessions`, undefined, {
      ...bearer('alice'),
      host: 'api.example',
    });
    assert.equal(status, 200);
  });

  test('nothing of one user shows to another', async () => {
    const wish = { user_id: 'alice', project_path: '/p', session_id: 'of-alice' };
    await callRest('POST', `${doors.base}/sessions`, wish, bearer('alice'));
    const sent = await callRest(
      'POST',
      `${doors.base}/sessions/of-alice/messages`,
      { message: 'secret' },
      bearer('alice'),
    );
    const messageId = String(sent.body['message_id']);
    const asBob = (method: string, path: string, body?: unknown): Promise<RestAnswer> =>
      callRest(method, `${doors.base}${path}`, body, bearer('bob'));
    const below = ['', '/messages', `/messages/${messageId}`, '/cost', '/events', '/export'];
    const hidden = await Promise.all([
      ...below.map((path) => asBob('GET', `/sessions/of-alice${path}`)),
      asBob('GET', '/events?watch=of-alice'),
      asBob('POST', '/sessions/of-alice/messages', { message: 'x' }),
      asBob('POST', '/sessions/of-alice/interrupt'),
      asBob('DELETE', '/sessions/of-alice'),
    ]);
    for (const { status, body } of hidden) {
      assert.deepEqual([status, body['message']], [404, 'Session not found: of-alice']);
    }
    assert.deepEqual((await asBob('GET', '/sessions')).body['sessions'], []);
    assert.deepEqual((await asBob('GET', '/search?q=secret')).body['messages'], []);
    assert.equal((await asBob('GET', '/cost')).body['code'], 'FORBIDDEN');
    assert.equal((await asBob('GET', '/users/alice/cost')).body['code'], 'USER_NOT_FOUND');
    assert.equal((await asBob('POST', '/sessions', { ...wish, session_id: 'x' })).body['code'], 'USER_NOT_FOUND');
  });
});

test('local mode on an open address refuses to start before it listens', async () => {
  const options = { rest: { host: '0.0.0.0', port: 0 } };
  await assert.rejects(openDoors(options), {
    message: 'Cannot listen on 0.0.0.0 with auth = "local": set server.auth to "token", or server.host to 127.0.0.1',
  });
});

test('a port that is taken leaves nothing open', async () => {
  const first = await openDoors();
  const supervisorPort = Number(new URL(first.api.supervisorUrl).port);
  await assert.rejects(openDoors({ supervisor: { host: '127.0.0.1', port: supervisorPort } }), { code: 'EADDRINUSE' });
  await first.api.close();
});

test('each caller has its own rate, and is told when to come back', async () => {
  const doors = await openDoors({ rateLimitPerMinute: 3 });
  const list = (headers?: Record<string, string>): Promise<RestAnswer> =>
    callRest('GET', `${doors.base}/sessions`, undefined, headers);
  const statuses = [];
  for (let n = 0; n < 5; n += 1) statuses.push((await list()).status);
  const refused = await list();
  const other = await list(bearer('alice'));
  const health = await callRest('GET', `${doors.api.restUrl}/health`);
  await doors.api.close();
  assert.deepEqual(statuses, [200, 200, 200, 429, 429]);
  assert.deepEqual([refused.body['code'], refused.headers['retry-after']], ['RATE_LIMITED', '20']);
  assert.deepEqual([other.status, health.status], [200, 200]);
});

test('a stop answers the calls that wait: 202 for a message that goes on', async () => {
  const doors = await openDoors();
  await callRest('POST', `${doors.base}/sessions`, { user_id: 'alice', project_path: '/p', session_id: 's' });
  const waiting = callRest('POST', `${doors.base}/sessions/s/messages`, { message: 'never' });
  await until('the message waits', () => doors.streams.events('s').some(({ type }) => type === 'queued'));
  const started = performance.now();
  await doors.api.close();
  assert.equal((await waiting).status, 202);
  assert.ok(performance.now() - started < 1_000);
});
