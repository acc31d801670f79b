import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { startPlainPeer, type PlainPeer } from '../support/gateway/plain-peer.ts';
import { makeSystem, type System } from '../support/system.ts';

let peer: PlainPeer;
let system: System;

before(async () => {
  peer = await startPlainPeer((message) => ({ content: `peer heard: ${message.content}`, cost_usd: 0.025 }));
  system = await makeSystem({ env: { CLAUDE_CODE_WEBSOCKET_URL: peer.url, CLAUDE_CODE_AUTH_TOKEN: 'peer-token' } });
  await system.start();
  await system.cli('user', 'add', 'user123');
});
after(async () => {
  await system.remove();
  await peer.close();
});

test('a server at CLAUDE_CODE_WEBSOCKET_URL that speaks only the guide’s bare frames answers, priced, and status says so', async () => {
  const created = await system.rest('POST', '/sessions', { user_id: 'user123', project_path: system.project });
  assert.equal(created.status, 201, JSON.stringify(created.body));
  const path = `/sessions/${created.body.session_id as string}`;
  const answer = await system.rest('POST', `${path}/messages`, {
    message: 'Check git status',
    context: { source: 'sms' },
  });
  assert.deepEqual(
    [answer.status, answer.body.content, answer.body.cost_usd],
    [200, 'peer heard: Check git status', 0.025],
  );
  const { session_id, content, context } = peer.messages[0] ?? {};
  assert.deepEqual(
    { session_id, content, context },
    { session_id: created.body.session_id, content: 'Check git status', context: { source: 'sms' } },
  );
  assert.equal(peer.authorizations[0], 'Bearer peer-token');
  const session = (await system.rest('GET', path)).body;
  assert.deepEqual([session.agent, session.at_least_once, session.simulated], ['peer', true, false]);
});

test('a peer that cuts the line in mid-turn is sent the message again', async () => {
  const created = await system.rest('POST', '/sessions', { user_id: 'user123', project_path: system.project });
  const path = `/sessions/${created.body.session_id as string}`;
  await system.rest('POST', `${path}/messages`, { message: 'first' });
  peer.cut();
  const answer = await system.rest('POST', `${path}/messages`, { message: 'after the cut' });
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  assert.equal((await system.rest('GET', `${path}/cost`)).body.cost_usd, 0.05);
});
