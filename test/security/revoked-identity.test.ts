import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { Logins } from '../../db/people/logins.ts';
import { callRest } from '../support/api/call-rest.ts';
import { readEvents } from '../support/api/event-stream-client.ts';
import { openRealDoors } from '../support/api/open-real-doors.ts';
import type { RealDoors } from '../support/api/open-real-doors.ts';
import { connectSupervisor } from '../support/api/supervisor-client.ts';
import { until } from '../support/until.ts';

/** Doors in token mode that look at each token again every 50 ms, and a session of `bob`. */
async function openForBob(t: TestContext): Promise<RealDoors & { bob: { authorization: string }; tokenId: string }> {
  const doors = await openRealDoors(t, { auth: 'token', limits: { recheckMs: 50 } });
  const { info, secret } = doors.users.createToken('bob');
  const bob = { authorization: `Bearer ${secret}` };
  const wish = { user_id: 'bob', project_path: doors.project, session_id: 's-1' };
  assert.equal((await callRest('POST', `${doors.base}/sessions`, wish, bob)).status, 201);
  return { ...doors, tokens: { ...doors.tokens, bob: secret }, bob, tokenId: info.id };
}

test('a socket, a stream and a waiting call end soon after their token was revoked', async (t) => {
  const doors = await openForBob(t);
  const socket = await connectSupervisor(doors.api.supervisorUrl, doors.tokens.bob);
  await socket.ask({ type: 'subscribe', session_id: 's-1' });
  const stream = await readEvents(`${doors.base}/events`, doors.bob);
  await stream.until((events) => events.length > 0);
  const streamEnds = assert.rejects(stream.ended);
  doors.workflows.answers = false;
  const waiting = callRest('POST', `${doors.base}/sessions/s-1/messages`, { message: 'wait' }, doors.bob);
  await until('the message is accepted', async () => {
    const { body } = await callRest('GET', `${doors.base}/sessions/s-1`, undefined, doors.bob);
    return body['message_count'] === 1;
  });

  doors.users.revokeToken(doors.tokenId);

  assert.equal(await socket.closed, 4401);
  await streamEnds;
  assert.equal((await waiting).status, 401);
  assert.equal((await callRest('GET', `${doors.base}/sessions`, undefined, doors.bob)).status, 401);
});

test('a command of a socket whose token was revoked a moment ago is not carried out', async (t) => {
  const doors = await openRealDoors(t, { auth: 'token', limits: { recheckMs: 3_600_000 } });
  const { info, secret } = doors.users.createToken('bob');
  const socket = await connectSupervisor(doors.api.supervisorUrl, secret);
  await socket.ask({ type: 'ping' });
  doors.users.revokeToken(info.id);
  socket.send({ type: 'claude_code_connect', session_id: 'late', user_id: 'bob', project_path: doors.project });
  assert.equal(await socket.closed, 4401);
  const { status } = await callRest('GET', `${doors.base}/sessions/late`, undefined, {
    authorization: `Bearer ${doors.tokens.ann}`,
  });
  assert.equal(status, 404);
});

test('everything of a user ends soon after the user was removed', async (t) => {
  const doors = await openForBob(t);
  const logins = new Logins(doors.db, doors.users);
  const cookie = logins.logIn({ token: doors.tokens.bob }, 'a browser')?.secret ?? '';
  assert.notEqual(logins.authenticate(cookie), null);
  await callRest('DELETE', `${doors.base}/sessions/s-1`, undefined, doors.bob);
  const socket = await connectSupervisor(doors.api.supervisorUrl, doors.tokens.bob);
  await socket.ask({ type: 'ping' });

  const removed = doors.users.remove('bob');

  assert.deepEqual([removed.logins, removed.sessions], [1, 1]);
  assert.equal(await socket.closed, 4401);
  assert.equal(logins.authenticate(cookie), null);
  assert.equal((await callRest('GET', `${doors.base}/sessions`, undefined, doors.bob)).status, 401);
});

test('a token ends by itself at its time, and the socket and the login that were made of it with it', async (t) => {
  const doors = await openRealDoors(t, { auth: 'token', limits: { recheckMs: 50 } });
  const expires_at = new Date(Date.now() + 1_500).toISOString();
  const { secret } = doors.users.createToken('bob', { expires_at });
  const logins = new Logins(doors.db, doors.users);
  const cookie = logins.logIn({ token: secret }, 'a browser')?.secret ?? '';
  const socket = await connectSupervisor(doors.api.supervisorUrl, secret);
  assert.notEqual(logins.authenticate(cookie), null);
  assert.equal(await socket.closed, 4401);
  assert.ok(Date.now() >= Date.parse(expires_at));
  assert.equal(logins.authenticate(cookie), null);
  assert.equal(doors.users.authenticate(secret), null);
  assert.throws(() => doors.users.createToken('bob', { expires_at }), /must be a time in the future/);
});
