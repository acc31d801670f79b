import assert from 'node:assert/strict';
import { test } from 'node:test';
import { callRest } from '../support/api/call-rest.ts';
import type { RestAnswer } from '../support/api/call-rest.ts';
import { readEvents } from '../support/api/event-stream-client.ts';
import { openRealDoors } from '../support/api/open-real-doors.ts';
import type { RealDoors } from '../support/api/open-real-doors.ts';
import { connectSupervisor } from '../support/api/supervisor-client.ts';

const SECRET = 'platypus';
const LEAK = new RegExp(`${SECRET}|secret-session|answer to`);

/** `ann` has a session with a message; `bob` will look for it. */
async function withSecret(t: Parameters<typeof openRealDoors>[0]): Promise<{ doors: RealDoors; messageId: string }> {
  const doors = await openRealDoors(t, { auth: 'token' });
  const as = { authorization: `Bearer ${doors.tokens.ann}` };
  const wish = { session_id: 'secret-session', user_id: 'ann', project_path: doors.project, title: SECRET };
  assert.equal((await callRest('POST', `${doors.base}/sessions`, wish, as)).status, 201);
  const sent = await callRest('POST', `${doors.base}/sessions/secret-session/messages`, { message: SECRET }, as);
  assert.equal(sent.status, 200, sent.text);
  return { doors, messageId: String(sent.body['message_id']) };
}

test('nothing of one user shows to another through REST', async (t) => {
  const { doors, messageId } = await withSecret(t);
  const asBob = (method: string, path: string, body?: unknown): Promise<RestAnswer> =>
    callRest(method, `${doors.base}${path}`, body, { authorization: `Bearer ${doors.tokens.bob}` });
  const below = ['', '/messages', `/messages/${messageId}`, '/cost', '/events', '/export', '/export?format=md'];
  const unseen = (answer: RestAnswer): void =>
    assert.deepEqual([answer.status, answer.body['message']], [404, 'Session not found: secret-session']);
  for (const path of below) unseen(await asBob('GET', `/sessions/secret-session${path}`));
  unseen(await asBob('POST', '/sessions/secret-session/messages', { message: 'x' }));
  unseen(await asBob('POST', '/sessions/secret-session/interrupt'));
  unseen(await asBob('DELETE', '/sessions/secret-session'));
  unseen(await asBob('GET', '/events?watch=secret-session'));
  unseen(await asBob('GET', `/search?q=${SECRET}&session_id=secret-session`));
  const wish = { user_id: 'ann', project_path: doors.project };
  const answers = await Promise.all([
    asBob('GET', '/sessions'),
    asBob('GET', `/search?q=${SECRET}`),
    asBob('GET', '/sessions?user_id=ann'),
    asBob('GET', '/users/ann/sessions'),
    asBob('GET', '/users/ann/cost'),
    asBob('GET', '/cost'),
    asBob('POST', '/sessions', wish),
    asBob('POST', '/route-conversation', { from: 'ann', message: 'run the tests', channel: 'id' }),
    asBob('POST', '/sessions/cleanup'),
  ]);
  for (const answer of answers) assert.doesNotMatch(answer.text, LEAK);
  assert.deepEqual(
    answers.slice(2, 5).map(({ body }) => body['message']),
    Array(3).fill('User not found: ann'),
  );
  const taken = await asBob('POST', '/sessions', { ...wish, user_id: 'bob', session_id: 'secret-session' });
  assert.deepEqual([taken.status, taken.body['code']], [409, 'SESSION_EXISTS']);
});

test('nothing of one user shows to another through live events', async (t) => {
  const { doors } = await withSecret(t);
  const headers = { authorization: `Bearer ${doors.tokens.bob}` };
  const stream = await readEvents(`${doors.base}/events`, headers);
  await stream.until((events) => events.length === 1);
  const wish = { session_id: 'of-bob', user_id: 'bob', project_path: doors.project };
  await callRest(
    'POST',
    `${doors.base}/sessions/secret-session/messages`,
    { message: SECRET },
    { authorization: `Bearer ${doors.tokens.ann}` },
  );
  await callRest('POST', `${doors.base}/sessions`, wish, headers);
  await stream.until((events) => events.some(({ data }) => data['session_id'] === 'of-bob'));
  stream.hangUp();
  assert.doesNotMatch(JSON.stringify(stream.events), LEAK);
});

test('nothing of one user shows to another through the supervisor socket', async (t) => {
  const { doors, messageId } = await withSecret(t);
  const bob = await connectSupervisor(doors.api.supervisorUrl, doors.tokens.bob);
  const at = { session_id: 'secret-session' };
  for (const type of ['subscribe', 'get_session_status', 'interrupt', 'claude_code_disconnect']) {
    assert.equal((await bob.ask({ type, ...at }))['message'], 'Session not found: secret-session');
  }
  const repeated = await bob.ask({ type: 'claude_code_message', ...at, message: SECRET, message_id: messageId });
  assert.equal(repeated['code'], 'SESSION_NOT_FOUND');
  const ann = await connectSupervisor(doors.api.supervisorUrl, doors.tokens.ann);
  await ann.ask({ type: 'claude_code_disconnect', ...at });
  await bob.ask({ type: 'ping' });
  assert.doesNotMatch(JSON.stringify(bob.frames.filter(({ type }) => type !== 'error')), LEAK);
  await Promise.all([bob.close(), ann.close()]);
});

test('an admin sees all, through each door', async (t) => {
  const { doors } = await withSecret(t);
  const wish = { session_id: 'of-bob', user_id: 'bob', project_path: doors.project };
  await callRest('POST', `${doors.base}/sessions`, wish, { authorization: `Bearer ${doors.tokens.bob}` });
  const headers = { authorization: `Bearer ${doors.tokens.ann}` };
  const ann = await connectSupervisor(doors.api.supervisorUrl, doors.tokens.ann);
  const status = await ann.ask({ type: 'get_session_status', session_id: 'of-bob' });
  await ann.close();
  assert.deepEqual(
    [(await callRest('GET', `${doors.base}/sessions/of-bob`, undefined, headers)).status, status['status']],
    [200, 'active'],
  );
});

test('an id that another user took says that it is taken, through each door', async (t) => {
  const { doors } = await withSecret(t);
  const bob = await connectSupervisor(doors.api.supervisorUrl, doors.tokens.bob);
  const wish = { session_id: 'secret-session', user_id: 'bob', project_path: doors.project };
  const { code, message } = await bob.ask({ type: 'claude_code_connect', ...wish });
  await bob.close();
  assert.deepEqual([code, message], ['SESSION_EXISTS', 'Session already exists: secret-session']);
});

test('an idle timeout reaches the connection that created the session, over the real service', async (t) => {
  const { doors } = await withSecret(t);
  const ann = await connectSupervisor(doors.api.supervisorUrl, doors.tokens.ann);
  const wish = { session_id: 'idle', user_id: 'ann', project_path: doors.project };
  await ann.ask({ type: 'claude_code_connect', ...wish });
  await doors.workflows.reap('idle');
  const notice = await ann.next({ type: 'claude_code_disconnected', session_id: 'idle' });
  await ann.close();
  assert.equal(notice['reason'], 'Idle timeout');
});
