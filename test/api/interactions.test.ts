import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import type { Interaction } from '../../domain/control/interaction.ts';
import { callRest } from '../support/api/call-rest.ts';
import { openRealDoors, type RealDoors } from '../support/api/open-real-doors.ts';
import { connectSupervisor } from '../support/api/supervisor-client.ts';
import { SUPERVISOR_TOKEN } from '../support/api/open-doors.ts';

/** The doors with a session of bob that asks for permission, as its workflow and its gateway say. */
async function openAsking(t: TestContext): Promise<RealDoors & { interaction: Interaction }> {
  const doors = await openRealDoors(t, { auth: 'token' });
  doors.workflows.answers = false;
  const as = { authorization: `Bearer ${doors.tokens.bob}` };
  const wish = { user_id: 'bob', project_path: doors.project, session_id: 's-1' };
  await callRest('POST', `${doors.base}/sessions`, wish, as);
  const path = `${doors.base}/sessions/s-1/messages`;
  const sent = await callRest('POST', path, { message: 'test it' }, { ...as, prefer: 'respond-async' });
  const message_id = String(sent.body['message_id']);
  const now = new Date().toISOString();
  const interaction: Interaction = {
    interaction_id: 'i-1',
    session_id: 's-1',
    message_id,
    kind: 'permission',
    status: 'open',
    title: 'Bash: npm test',
    detail: {
      tool: 'Bash',
      input: { command: 'npm test' },
      summary: 'npm test',
      reason: 'asks',
      blocked_path: null,
      suggestions: [{ rule: 'Bash(npm test:*)', label: 'npm test' }],
    },
    created_at: now,
    expires_at: null,
    answer: null,
    answered_by: null,
    answered_via: null,
    answered_at: null,
    withdrawn_reason: null,
  };
  doors.workflows.ask(interaction);
  await doors.deps.mirror.write([
    {
      type: 'agent',
      session_id: 's-1',
      seq: 1,
      event: { type: 'accepted', timestamp: now, message_id, content: 'test it' },
    },
    {
      type: 'agent',
      session_id: 's-1',
      seq: 2,
      event: { type: 'interaction', timestamp: now, message_id, interaction },
    },
  ]);
  return { ...doors, interaction };
}

const bearer = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` });

test('what waits is in the inbox of its owner and of an admin, and nobody else learns of it', async (t) => {
  const { base, tokens, users } = await openAsking(t);
  users.add({ id: 'eve' });
  const eve = users.createToken('eve').secret;
  for (const token of [tokens.bob, tokens.ann]) {
    const { body } = await callRest('GET', `${base}/inbox`, undefined, bearer(token));
    const [only] = body['interactions'] as { number: number; title: string }[];
    assert.deepEqual([only?.number, only?.title], [1, 'Bash: npm test']);
  }
  const foreign = await callRest('GET', `${base}/inbox`, undefined, bearer(eve));
  assert.deepEqual(foreign.body['interactions'], []);
  for (const [method, path, body] of [
    ['GET', '/interactions/i-1', undefined],
    ['POST', '/interactions/i-1/answer', { decision: 'allow' }],
  ] as const) {
    const answer = await callRest(method, base + path, body, bearer(eve));
    assert.deepEqual([answer.status, answer.body['code']], [404, 'INTERACTION_NOT_FOUND']);
  }
  assert.equal((await callRest('GET', `${base}/inbox?user_id=ann`, undefined, bearer(tokens.bob))).status, 404);
});

test('the first answer wins; the same one again is the same, and another one is told who was first', async (t) => {
  const { base, tokens } = await openAsking(t);
  const answer = (token: string, body: object) =>
    callRest('POST', `${base}/interactions/i-1/answer`, body, bearer(token));
  const first = await answer(tokens.bob, { decision: 'allow', updated_input: { command: 'npm test -- --bail' } });
  assert.deepEqual([first.status, first.body['status'], first.body['answered_by']], [200, 'answered', 'bob']);
  const again = await answer(tokens.ann, { decision: 'allow', updated_input: { command: 'npm test -- --bail' } });
  assert.deepEqual(again.body, first.body);
  const late = await answer(tokens.ann, { decision: 'deny' });
  assert.deepEqual([late.status, late.body['code']], [409, 'ALREADY_ANSWERED']);
  assert.match(String(late.body['message']), /by bob via rest at .*: allowed with changes$/);
});

test('two different answers at the same moment: one is recorded, the other is told which', async (t) => {
  const { base, tokens } = await openAsking(t);
  const answers = await Promise.all(
    [tokens.bob, tokens.ann].map((token, index) =>
      callRest('POST', `${base}/interactions/i-1/answer`, { decision: index === 0 ? 'allow' : 'deny' }, bearer(token)),
    ),
  );
  assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 409]);
});

test('an answer that does not fit, or allows too much, changes nothing', async (t) => {
  const { base, tokens } = await openAsking(t);
  for (const [body, status, code] of [
    [{ decision: 'maybe' }, 400, 'INVALID_ANSWER'],
    [{ decision: 'allow', reason: 'x' }, 400, 'INVALID_ANSWER'],
    [{ decision: 'allow_session', rule: 'Bash' }, 403, 'NOT_PERMITTED'],
  ] as const) {
    const answer = await callRest('POST', `${base}/interactions/i-1/answer`, body, bearer(tokens.bob));
    assert.deepEqual([answer.status, answer.body['code']], [status, code]);
  }
  const { body } = await callRest('GET', `${base}/interactions/i-1`, undefined, bearer(tokens.bob));
  assert.equal(body['status'], 'open');
});

test('a message call returns at once while the session waits for a person, and says for what', async (t) => {
  const { base, tokens } = await openAsking(t);
  const session = await callRest('GET', `${base}/sessions/s-1`, undefined, bearer(tokens.bob));
  assert.equal((session.body['waiting'] as Interaction).interaction_id, 'i-1');
  const sent = await callRest('POST', `${base}/sessions/s-1/messages`, { message: 'and this' }, bearer(tokens.bob));
  assert.equal(sent.status, 202);
  assert.equal((sent.body['waiting'] as Interaction).interaction_id, 'i-1');
});

test('an interaction whose session ended is withdrawn with the reason', async (t) => {
  const { base, tokens } = await openAsking(t);
  await callRest('DELETE', `${base}/sessions/s-1`, undefined, bearer(tokens.bob));
  const answer = await callRest('POST', `${base}/interactions/i-1/answer`, { decision: 'allow' }, bearer(tokens.bob));
  assert.deepEqual([answer.status, answer.body['code']], [409, 'INTERACTION_WITHDRAWN']);
  assert.match(String(answer.body['message']), /User requested$/);
});

test('the supervisor socket lists and answers, and who subscribed hears of it', async (t) => {
  const { api } = await openAsking(t);
  const [watcher, client] = [
    await connectSupervisor(api.supervisorUrl, SUPERVISOR_TOKEN),
    await connectSupervisor(api.supervisorUrl, SUPERVISOR_TOKEN),
  ];
  await watcher.ask({ type: 'subscribe', session_id: 's-1' });
  const inbox = await client.ask({ type: 'list_inbox' });
  assert.equal((inbox['interactions'] as Interaction[])[0]?.interaction_id, 'i-1');
  const answered = await client.ask({
    type: 'answer_interaction',
    interaction_id: 'i-1',
    decision: 'deny',
    reason: 'no',
  });
  assert.deepEqual(
    [answered.type, answered['status'], answered['answered_via']],
    ['interaction', 'answered', 'socket'],
  );
  await watcher.next({ type: 'interaction', interaction_id: 'i-1', status: 'answered' });
  await Promise.all([watcher.close(), client.close()]);
});
