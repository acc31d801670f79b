import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import type { AgentEvent } from '../../domain/session/event.ts';
import { turnOf } from '../support/histories.ts';
import { openService, LOCAL } from '../support/api/open-service.ts';
import type { TestService } from '../support/api/open-service.ts';
import { until } from '../support/until.ts';

const text = (message: string): { message: string; idempotency_key: null } => ({ message, idempotency_key: null });

async function endedSession(t: TestContext): Promise<TestService> {
  const opened = openService(t);
  const { service, project } = opened;
  await service.create(LOCAL, { user_id: 'bob', project_path: project, session_id: 's', options: { model: 'm' } });
  const { message_id } = await service.submit(LOCAL, 's', text('hello'));
  await service.settled(LOCAL, 's', message_id, 2_000);
  await service.disconnect(LOCAL, 's', 'Idle timeout');
  return opened;
}

test('resume() continues an ended session with its options, its cost and its history', async (t) => {
  const { service } = await endedSession(t);
  const before = await service.get(LOCAL, 's');
  const session = await service.resume(LOCAL, 's');
  assert.deepEqual(
    [session.status, session.options.model, session.cost_usd, session.message_count, session.ended_at],
    ['active', 'm', before.cost_usd, 1, null],
  );
  const { message_id } = await service.submit(LOCAL, 's', text('again'));
  assert.equal((await service.settled(LOCAL, 's', message_id, 2_000)).status, 'done');
  assert.equal((await service.history(LOCAL, 's', { limit: 10, order: 'asc' })).items.length, 4);
});

test('resume() returns a session that is open as it is', async (t) => {
  const { service, workflows } = await endedSession(t);
  await service.resume(LOCAL, 's');
  assert.equal((await service.resume(LOCAL, 's')).status, 'active');
  assert.deepEqual(workflows.starts, ['s', 's']);
});

test('resume() says why a session cannot be resumed, and gives its place back', async (t) => {
  const { service, workflows, db } = await endedSession(t);
  workflows.connectFailure = { code: 'SESSION_NOT_RESUMABLE', message: 'the conversation is gone' };
  await assert.rejects(service.resume(LOCAL, 's'), {
    code: 'SESSION_NOT_RESUMABLE',
    message: 'Session cannot be resumed: s: the conversation is gone',
  });
  assert.equal(db.$client.prepare('SELECT count(*) FROM admissions').pluck().get(), 0);
});

test('resume() is subject to the limit of open sessions', async (t) => {
  const { service, project, deps } = await endedSession(t);
  deps.limits.maxSessions = 1;
  await service.create(LOCAL, { user_id: 'bob', project_path: project });
  await assert.rejects(service.resume(LOCAL, 's'), { code: 'MAX_SESSIONS' });
});

test('resume() continues a session whose workflow was terminated, above the version that the mirror has', async (t) => {
  const { service, project, workflows } = openService(t);
  await service.create(LOCAL, { user_id: 'bob', project_path: project, session_id: 's' });
  workflows.terminate('s');
  await assert.rejects(service.submit(LOCAL, 's', text('hello')), { code: 'SESSION_NOT_ACTIVE' });
  assert.equal((await service.resume(LOCAL, 's')).status, 'active');
});

test('resume() hides the sessions of others', async (t) => {
  const { service } = await endedSession(t);
  const ann = { user_id: 'eve', admin: false, via: 'token' } as const;
  await assert.rejects(service.resume(ann, 's'), { message: 'Session not found: s' });
});

test('a message to an ended session is refused, although the session could be resumed', async (t) => {
  const { service } = await endedSession(t);
  await assert.rejects(service.submit(LOCAL, 's', text('hello')), { message: 'Session is not active: s' });
});

test('presence() reaches the workflow only when a third of the idle timeout has passed', async (t) => {
  const { service, project, workflows } = openService(t);
  const options = { idle_timeout_seconds: 3 };
  await service.create(LOCAL, { user_id: 'bob', project_path: project, session_id: 's', options });
  await service.presence(LOCAL, 's');
  assert.deepEqual(workflows.present, []);
  await until('a third has passed', async () => (await service.presence(LOCAL, 's'), workflows.present.length === 1));
  await service.presence(LOCAL, 's');
  assert.deepEqual(workflows.present, ['s']);
});

test('presence() of an ended session is refused', async (t) => {
  const { service } = await endedSession(t);
  await assert.rejects(service.presence(LOCAL, 's'), { code: 'SESSION_NOT_ACTIVE' });
});

test('the messages of a session that was terminated in Temporal are settled with its end', async (t) => {
  const { service, project, workflows } = openService(t);
  await service.create(LOCAL, { user_id: 'bob', project_path: project, session_id: 's' });
  workflows.answers = false;
  const { message_id } = await service.submit(LOCAL, 's', text('waits'));
  workflows.terminate('s');
  assert.equal((await service.disconnect(LOCAL, 's', 'User requested')).reason, 'Stopped in Temporal');
  const { status, error } = await service.message(LOCAL, 's', message_id);
  assert.deepEqual([status, error?.code], ['failed', 'SESSION_NOT_ACTIVE']);
});

test('a message to a session that another call is still starting leaves the session alone', async (t) => {
  const { service, project, workflows, deps } = openService(t);
  const start = deps.workflows.start.bind(deps.workflows);
  deps.workflows.start = async (session, options) => {
    await service.submit(LOCAL, 's', text('early')).catch(() => undefined);
    return await start(session, options);
  };
  const session = await service.create(LOCAL, { user_id: 'bob', project_path: project, session_id: 's' });
  assert.deepEqual([session.status, workflows.starts], ['active', ['s']]);
});

test('disconnect() of a session that Temporal no longer has settles what waits and ends with the reason of the caller', async (t) => {
  const { service, project, workflows } = openService(t);
  await service.create(LOCAL, { user_id: 'bob', project_path: project, session_id: 's' });
  workflows.answers = false;
  const { message_id } = await service.submit(LOCAL, 's', text('waits'));
  workflows.forget('s');
  assert.equal((await service.disconnect(LOCAL, 's', 'User requested')).reason, 'User requested');
  const { status } = await service.get(LOCAL, 's');
  assert.deepEqual([status, (await service.message(LOCAL, 's', message_id)).status], ['disconnected', 'failed']);
});

test('running names the message, since when, and the tool in use, and is null when the turn is settled', async (t) => {
  const { service, project, workflows, deps } = openService(t);
  await service.create(LOCAL, { user_id: 'bob', project_path: project, session_id: 's' });
  workflows.answers = false;
  const { message_id } = await service.submit(LOCAL, 's', text('go'));
  assert.equal((await service.get(LOCAL, 's')).running, null);
  const since = '2026-11-25T10:00:00.000Z';
  const about = { message_id, timestamp: '2026-11-25T10:00:01.000Z' };
  const agent = (seq: number, event: AgentEvent): Promise<void> =>
    deps.mirror.write([{ type: 'agent', session_id: 's', seq, event }]);
  const running = async (): Promise<unknown> => (await service.get(LOCAL, 's')).running;
  await agent(1, { type: 'accepted', timestamp: since, message_id, content: 'go' });
  assert.deepEqual(await running(), { message_id, since, summary: 'writing' });
  await agent(2, { type: 'tool_started', ...about, tool_use_id: 't', tool: 'Bash', summary: 'npm test' });
  assert.deepEqual(await running(), { message_id, since, summary: 'Bash' });
  await agent(3, { type: 'tool_finished', ...about, tool_use_id: 't', is_error: false, summary: 'ok' });
  assert.deepEqual(await running(), { message_id, since, summary: 'writing' });
  await agent(4, { type: 'result', timestamp: about.timestamp, turn: turnOf({ message_id }) });
  assert.equal(await running(), null);
});
