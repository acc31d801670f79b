import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LOCAL, openService, tokenOf } from '../support/api/open-service.ts';

const SMS = { from: '+15550100', message: 'run the tests', channel: 'sms', idempotency_key: 'SM1' };

test('route() delivers to a new session in the default project, then to the newest open one', async (t) => {
  const { service, project } = openService(t);
  const first = await service.route(LOCAL, SMS);
  const { user_id, project_path } = await service.get(LOCAL, first.session_id ?? '');
  assert.deepEqual(
    [first.routed, first.action, user_id, project_path],
    [true, 'routed_to_claude_code', 'ann', project],
  );
  const newer = await service.create(LOCAL, { user_id: 'ann', project_path: project });
  const second = await service.route(LOCAL, { ...SMS, idempotency_key: 'SM2' });
  assert.equal(second.session_id, newer.id);
});

test('route() delivers a repeated message never twice, also when its session has ended meanwhile', async (t) => {
  const { service, workflows } = openService(t);
  const [first, same] = await Promise.all([service.route(LOCAL, SMS), service.route(LOCAL, SMS)]);
  assert.deepEqual(same, first);
  await service.settled(LOCAL, first.session_id ?? '', first.message_id ?? '', 1_000);
  await service.disconnect(LOCAL, first.session_id ?? '', 'User requested');
  assert.deepEqual(await service.route(LOCAL, SMS), first);
  assert.deepEqual([...new Set(workflows.signals)], [first.message_id]);
  assert.equal(workflows.starts.length, 1);
  await assert.rejects(service.route(LOCAL, { ...SMS, message: 'run other tests' }), { code: 'IDEMPOTENCY_MISMATCH' });
});

test('route() gives a message to the next session when its own ended before it was accepted', async (t) => {
  const { service, workflows, project } = openService(t);
  const ended = await service.create(LOCAL, { user_id: 'ann', project_path: project });
  workflows.away = 'before';
  await assert.rejects(service.route(LOCAL, SMS), { code: 'UNAVAILABLE' });
  workflows.away = null;
  await service.disconnect(LOCAL, ended.id, 'User requested');
  const routed = await service.route(LOCAL, SMS);
  assert.notEqual(routed.session_id, ended.id);
  assert.deepEqual(await service.route(LOCAL, SMS), routed);
});

test('route() finds the user by the channel, and nobody else', async (t) => {
  const { service } = openService(t);
  const route = (from: string, channel: string): Promise<{ user_id: string }> =>
    service.route(LOCAL, { from, channel, message: 'hello', idempotency_key: null });
  assert.equal((await route('+1 (555) 0100', 'SMS')).user_id, 'ann');
  assert.equal((await route('ANN@example.org', 'email')).user_id, 'ann');
  assert.equal((await route('ann', 'chat')).user_id, 'ann');
  await assert.rejects(route('ann', 'sms'), { message: 'User not found: ann', code: 'USER_NOT_FOUND' });
  const callsAnn = service.route(tokenOf('bob'), { ...SMS, idempotency_key: null });
  await assert.rejects(callsAnn, { message: 'User not found: +15550100' });
});

test('route() leaves to the assistant what is not for Claude Code, and says why', async (t) => {
  const { service, users } = openService(t);
  users.add({ id: 'eve', admin: true });
  const reason = async (from: string, message: string): Promise<string | undefined> => {
    const routed = await service.route(LOCAL, { from, message, channel: 'chat', idempotency_key: null });
    assert.deepEqual([routed.routed, routed.action, routed.user_id], [false, 'handled_by_assistant', from]);
    return routed.reason;
  };
  assert.equal(await reason('bob', 'run the tests'), 'only admin users are routed');
  assert.equal(await reason('ann', 'who won the contest?'), 'no keyword in the message');
  assert.match((await reason('eve', 'run the tests')) ?? '', /default project/);
});
