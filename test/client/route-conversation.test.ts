import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ClaudeCodeConnector, routeConversation } from '../../client/index.ts';
import { openRealDoors } from '../support/api/open-real-doors.ts';

const SMS = { from: '+15550100', message: 'Check my project status', channel: 'sms' };

test("the guide's webhook: what is routed is delivered, and receiveResponse() has the answer to send back", async (t) => {
  const { api } = await openRealDoors(t);
  const connector = new ClaudeCodeConnector({ url: api.restUrl });
  const routing = await connector.routeConversation(SMS, 'SM1');
  assert.deepEqual([routing.routed, routing.action], [true, 'routed_to_claude_code']);
  const response = await connector.receiveResponse(routing.session_id ?? '');
  assert.deepEqual(
    [response?.message_id, response?.content, response?.status],
    [routing.message_id, 'answer to Check my project status', 'done'],
  );
  assert.equal(await connector.receiveResponse(routing.session_id ?? ''), null);
});

test('a routed message takes its place among those that were sent', async (t) => {
  const { api } = await openRealDoors(t);
  const connector = new ClaudeCodeConnector({ url: api.restUrl });
  const { session_id: id = '' } = await connector.routeConversation(SMS);
  await connector.sendMessage(id, 'and then?');
  const answers = [await connector.receiveResponse(id), await connector.receiveResponse(id)];
  assert.deepEqual(
    answers.map((answer) => answer?.content),
    ['answer to Check my project status', 'answer to and then?'],
  );
});

test('the wait for a routed answer can be given up, and goes on with the next call', async (t) => {
  const { api, workflows } = await openRealDoors(t);
  workflows.answers = false;
  const connector = new ClaudeCodeConnector({ url: api.restUrl });
  const { session_id: id = '' } = await connector.routeConversation(SMS);
  for (let call = 1; call <= 2; call += 1)
    await assert.rejects(connector.receiveResponse(id, AbortSignal.timeout(100)));
});

test('routeConversation() alone routes once under its key', async (t) => {
  const { api, workflows } = await openRealDoors(t);
  const first = await routeConversation(SMS, { url: api.restUrl, idempotencyKey: 'SM1' });
  assert.deepEqual(await routeConversation(SMS, { url: api.restUrl, idempotencyKey: 'SM1' }), first);
  assert.equal(new Set(workflows.signals).size, 1);
  const other = await routeConversation({ ...SMS, message: 'Good morning' }, { url: api.restUrl });
  assert.deepEqual([other.routed, other.action], [false, 'handled_by_assistant']);
});
