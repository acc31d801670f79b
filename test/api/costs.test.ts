import assert from 'node:assert/strict';
import { test } from 'node:test';
import { callRest } from '../support/api/call-rest.ts';
import { openRealDoors } from '../support/api/open-real-doors.ts';

test('GET /costs: everybody sees their own, an admin all, as JSON or as a file', async (t) => {
  const doors = await openRealDoors(t, { auth: 'token' });
  const as = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` });
  for (const [user, token] of Object.entries(doors.tokens)) {
    const wish = { user_id: user, project_path: doors.project, session_id: `of-${user}` };
    await callRest('POST', `${doors.base}/sessions`, wish, as(token));
    const sent = await callRest('POST', `${doors.base}/sessions/of-${user}/messages`, { message: 'hi' }, as(token));
    assert.equal(sent.status, 200);
  }
  const keys = async (token: string): Promise<unknown> => {
    const { body } = await callRest('GET', `${doors.base}/costs?group_by=session`, undefined, as(token));
    return (body['rows'] as { key: string; cost_usd: number }[]).map(({ key, cost_usd }) => [key, cost_usd]).sort();
  };
  assert.deepEqual(await keys(doors.tokens.bob), [['of-bob', 0.002000001]]);
  assert.deepEqual(await keys(doors.tokens.ann), [
    ['of-ann', 0.002000001],
    ['of-bob', 0.002000001],
  ]);
  const foreign = await callRest('GET', `${doors.base}/costs?user_id=ann`, undefined, as(doors.tokens.bob));
  assert.deepEqual([foreign.status, foreign.body['code']], [404, 'USER_NOT_FOUND']);
  const csv = await callRest('GET', `${doors.base}/costs?group_by=user`, undefined, {
    ...as(doors.tokens.ann),
    accept: 'text/csv',
  });
  const [heading, ...lines] = csv.text.trim().split('\r\n');
  assert.match(heading ?? '', /^user,cost_usd,certainty,message_count,/);
  assert.deepEqual(lines.map((line) => line.split(',').slice(0, 4).join(',')).sort(), [
    'ann,0.002000001,reported,1',
    'bob,0.002000001,reported,1',
  ]);
});

test('GET /costs refuses a time zone that does not exist and a date that is none, and names them', async (t) => {
  const doors = await openRealDoors(t);
  for (const query of ['time_zone=Mars/Base', 'since=yesterday', 'group_by=hour']) {
    const { status, body } = await callRest('GET', `${doors.base}/costs?${query}`);
    assert.deepEqual([status, body['code']], [400, 'INVALID_REQUEST']);
    assert.match(String(body['message']), new RegExp(query.split('=')[0] ?? ''));
  }
});
