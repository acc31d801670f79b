import assert from 'node:assert/strict';
import { test } from 'node:test';
import { callRest } from '../support/api/call-rest.ts';
import { openRealDoors } from '../support/api/open-real-doors.ts';
import { makeGatewayStandIn } from '../support/temporal/workflows-stand-in.ts';

test('null in options means the default, also for the idle timeout', async (t) => {
  const { base, project } = await openRealDoors(t);
  const options = { idle_timeout_seconds: null, idle_after_seconds: null, model: null };
  const wish = { session_id: 's', user_id: 'bob', project_path: project, options };
  assert.equal((await callRest('POST', `${base}/sessions`, wish)).status, 201);
  const { body } = await callRest('GET', `${base}/sessions/s`);
  assert.deepEqual(body['options'], { idle_after_seconds: 60, idle_timeout_seconds: 300 });
});

test('the answer to a message has the id of the response beside the id of the message', async (t) => {
  const { base, project } = await openRealDoors(t);
  await callRest('POST', `${base}/sessions`, { session_id: 's', user_id: 'bob', project_path: project });
  const { body } = await callRest('POST', `${base}/sessions/s/messages`, { message: 'hello' });
  const { body: history } = await callRest('GET', `${base}/sessions/s/messages?order=desc&limit=1`);
  const [answer] = history['messages'] as { id: string; message_id: string }[];
  assert.deepEqual([body['response_id'], body['message_id']], [answer?.id, answer?.message_id]);
});

test('POST interrupt with message_id stops the turn of that message only', async (t) => {
  const gateway = makeGatewayStandIn();
  const { base, project } = await openRealDoors(t, {}, { gateway });
  await callRest('POST', `${base}/sessions`, { session_id: 's', user_id: 'bob', project_path: project });
  const message_id = '0b0a7a52-f6a1-4d3c-9d0e-5b2c4a7e6f10';
  assert.equal((await callRest('POST', `${base}/sessions/s/interrupt`, { message_id })).status, 200);
  assert.equal((await callRest('POST', `${base}/sessions/s/interrupt`)).status, 200);
  assert.deepEqual(gateway.interrupted, [
    ['s', message_id],
    ['s', undefined],
  ]);
});
