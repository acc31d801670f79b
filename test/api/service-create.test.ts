import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeProjectPolicy, makeRemoteProjectPolicy } from '../../api/access/project-policy.ts';
import { reconcileAdmissions } from '../../api/service/session-service.ts';
import type { SessionOptions } from '../../domain/session/session.ts';
import { LOCAL, openService, tokenOf } from '../support/api/open-service.ts';

/** A time before which every place was taken. */
const soon = (): Date => new Date(Date.now() + 1_000);

test('create() resolves with the session once its agent is up', async (t) => {
  const { service, project } = openService(t);
  const session = await service.create(LOCAL, { user_id: 'bob', project_path: project, title: 'Mine' });
  const { status, is_active, user_id, title, cost_usd, message_count, options } = session;
  assert.deepEqual(
    { status, is_active, user_id, title, cost_usd, message_count, options },
    {
      status: 'active',
      is_active: true,
      user_id: 'bob',
      title: 'Mine',
      cost_usd: 0,
      message_count: 0,
      options: { idle_after_seconds: 60, idle_timeout_seconds: 300 },
    },
  );
});

test('create() makes exactly 10 sessions of 100 at once where 10 is the limit', async (t) => {
  const { service, project, workflows } = openService(t);
  const call = { user_id: 'bob', project_path: project };
  const outcomes = await Promise.allSettled(Array.from({ length: 100 }, () => service.create(LOCAL, call)));
  const refused = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [String(outcome.reason)] : []));
  assert.equal(workflows.starts.length, 10);
  assert.equal(refused.length, 90);
  assert.deepEqual([...new Set(refused)], ['XswarmError: Maximum number of sessions (10) reached']);
});

test('create() counts per user and gives the place of an ended session back', async (t) => {
  const { service, project } = openService(t, { limits: { maxSessions: 3, maxSessionsPerUser: 1, queueDepth: 5 } });
  const first = await service.create(LOCAL, { user_id: 'bob', project_path: project });
  await assert.rejects(service.create(LOCAL, { user_id: 'bob', project_path: project }), {
    message: 'Maximum number of sessions (1) reached',
  });
  await service.create(LOCAL, { user_id: 'ann', project_path: project });
  await service.disconnect(LOCAL, first.id, 'User requested');
  assert.equal((await service.create(LOCAL, { user_id: 'bob', project_path: project })).status, 'active');
});

test('create() gives the same session to the same call and refuses the id to any other', async (t) => {
  const { service, project, workflows } = openService(t);
  const call = { user_id: 'bob', project_path: project, session_id: 'mine' };
  const both = await Promise.all([service.create(LOCAL, call), service.create(LOCAL, call)]);
  assert.deepEqual(
    both.map(({ id }) => id),
    ['mine', 'mine'],
  );
  assert.deepEqual(workflows.starts, ['mine']);
  await assert.rejects(service.create(LOCAL, { ...call, user_id: 'ann' }), { message: 'Session already exists: mine' });
  await assert.rejects(service.create(LOCAL, { ...call, project_path: join(project, '..') }), {
    code: 'SESSION_EXISTS',
  });
  await service.disconnect(LOCAL, 'mine', 'User requested');
  await assert.rejects(service.create(LOCAL, call), { message: 'Session is not active: mine' });
});

test('create() refuses an id that two users ask for at the same moment to the second', async (t) => {
  const { service, project } = openService(t);
  const call = { project_path: project, session_id: 'wanted' };
  const outcomes = await Promise.allSettled([
    service.create(LOCAL, { ...call, user_id: 'ann' }),
    service.create(LOCAL, { ...call, user_id: 'bob' }),
  ]);
  assert.deepEqual(outcomes.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
});

test('create() starts a session in error again', async (t) => {
  const { service, project, workflows } = openService(t);
  const call = { user_id: 'bob', project_path: project, session_id: 'phoenix' };
  workflows.connectFailure = { code: 'AGENT_UNREACHABLE', message: 'connection refused' };
  await assert.rejects(service.create(LOCAL, call), {
    message: 'Failed to connect to Claude Code WebSocket',
    code: 'AGENT_UNREACHABLE',
  });
  assert.equal((await service.get(LOCAL, 'phoenix')).status, 'error');
  workflows.connectFailure = null;
  assert.equal((await service.create(LOCAL, call)).status, 'active');
});

test('create() refuses users, ids and folders that are not there', async (t) => {
  const { service, project } = openService(t);
  const call = { user_id: 'bob', project_path: project };
  await assert.rejects(service.create(LOCAL, { ...call, user_id: 'ghost' }), { message: 'User not found: ghost' });
  await assert.rejects(service.create(tokenOf('bob'), { ...call, user_id: 'ann' }), { message: 'User not found: ann' });
  await assert.rejects(service.create(LOCAL, { ...call, session_id: 'a b' }), { code: 'INVALID_REQUEST' });
  await assert.rejects(service.create(LOCAL, { ...call, project_path: '/no/such' }), {
    message: 'Project path not found: /no/such',
    code: 'PROJECT_PATH',
  });
});

test('create() says that the agent cannot be reached when it is not up in time', async (t) => {
  const { service, project, deps } = openService(t, { waits: { connectMs: 30 } });
  deps.workflows.start = async () => 'started';
  await assert.rejects(service.create(LOCAL, { user_id: 'bob', project_path: project }), { code: 'AGENT_UNREACHABLE' });
});

test('reconcileAdmissions() gives back the place of a session that was never started', async (t) => {
  const { service, project, workflows, deps, db } = openService(t);
  workflows.away = 'before';
  const call = { user_id: 'bob', project_path: project, session_id: 'lost' };
  await assert.rejects(service.create(LOCAL, call), { code: 'UNAVAILABLE' });
  assert.deepEqual(await reconcileAdmissions(deps, new Date(Date.now() - 60_000)), { given_back: [], admitted: [] });
  assert.deepEqual(await reconcileAdmissions(deps, soon()), { given_back: ['lost'], admitted: [] });
  assert.equal(db.$client.prepare('SELECT count(*) FROM admissions').pluck().get(), 0);
  assert.equal((await service.get(LOCAL, 'lost')).status, 'error');
  workflows.away = null;
  assert.equal((await service.create(LOCAL, call)).status, 'active');
});

test('reconcileAdmissions() keeps the place of a session that was started though the answer was lost', async (t) => {
  const { service, project, workflows, deps } = openService(t);
  workflows.away = 'after';
  const call = { user_id: 'bob', project_path: project, session_id: 'kept' };
  await assert.rejects(service.create(LOCAL, call), { code: 'UNAVAILABLE' });
  workflows.away = null;
  assert.deepEqual(await reconcileAdmissions(deps, soon()), { given_back: [], admitted: [] });
  assert.equal((await service.create(LOCAL, call)).id, 'kept');
});

test('reconcileAdmissions() takes a place for a session that runs without one', async (t) => {
  const { service, project, deps, db } = openService(t);
  const { id } = await service.create(LOCAL, { user_id: 'bob', project_path: project });
  db.$client.exec('DELETE FROM admissions');
  assert.deepEqual(await reconcileAdmissions(deps, soon()), { given_back: [], admitted: [id] });
});

test('makeProjectPolicy() without a root allows no folder, and tells of one that is not there', async (t) => {
  const { project } = openService(t);
  const policy = makeProjectPolicy([]);
  await assert.rejects(policy.check(project), { message: `Project path not inside an allowed root: ${project}` });
  await assert.rejects(policy.check('/nowhere'), { message: 'Project path not found: /nowhere' });
  await assert.rejects(makeRemoteProjectPolicy([]).check('/projects/shop'), { code: 'PROJECT_PATH' });
});

test('makeProjectPolicy() follows links before it compares with the roots', async (t) => {
  const { project } = openService(t);
  const [root, outside] = [join(project, 'root'), join(project, 'outside')];
  for (const folder of [root, outside, join(root, 'inside'), join(project, 'root-2')]) mkdirSync(folder);
  symlinkSync(outside, join(root, 'way-out'));
  symlinkSync(root, join(project, 'way-in'));
  writeFileSync(join(root, 'file'), '');
  const policy = makeProjectPolicy([join(project, 'way-in')]);

  assert.equal(await policy.check(join(root, 'inside')), join(root, 'inside'));
  assert.equal(await policy.check(join(project, 'way-in', 'inside')), join(root, 'inside'));
  for (const path of [join(root, 'way-out'), join(project, 'root-2'), outside, `${root}/../outside`]) {
    await assert.rejects(policy.check(path), { message: `Project path not inside an allowed root: ${path}` });
  }
  for (const path of [join(root, 'file'), 'relative', '', `${root}\0`, join(root, 'nothing')]) {
    await assert.rejects(policy.check(path), { message: `Project path not found: ${path}` });
  }
});

test('create() takes an option that is null as not set', async (t) => {
  const { service, project } = openService(t);
  const options = {
    idle_timeout_seconds: null,
    idle_after_seconds: undefined,
    model: 'm',
  } as unknown as SessionOptions;
  const session = await service.create(LOCAL, { user_id: 'bob', project_path: project, options });
  assert.deepEqual(session.options, { idle_after_seconds: 60, idle_timeout_seconds: 300, model: 'm' });
});

test('a session whose workflow was terminated in Temporal has ended for every call, and the mirror says so', async (t) => {
  const { service, project, workflows } = openService(t);
  const call = { user_id: 'bob', project_path: project, session_id: 'stopped' };
  await service.create(LOCAL, call);
  workflows.terminate('stopped');
  const message = { message: 'hello', idempotency_key: null };
  await assert.rejects(service.submit(LOCAL, 'stopped', message), { message: 'Session is not active: stopped' });
  const { status, reason } = await service.get(LOCAL, 'stopped');
  assert.deepEqual([status, reason], ['disconnected', 'Stopped in Temporal']);
  await assert.rejects(service.create(LOCAL, call), { code: 'SESSION_NOT_ACTIVE' });
});

test('create() of a session that was terminated while it connected is refused, and the mirror says that it has ended', async (t) => {
  const { service, project, workflows, deps } = openService(t, { waits: { connectMs: 30 } });
  const start = deps.workflows.start.bind(deps.workflows);
  deps.workflows.start = async (session, options) => {
    const outcome = await start(session, options);
    workflows.terminate('half');
    return outcome;
  };
  workflows.connectFailure = { code: 'AGENT_UNREACHABLE', message: 'no' };
  const call = { user_id: 'bob', project_path: project, session_id: 'half' };
  await assert.rejects(service.create(LOCAL, call), { code: 'AGENT_UNREACHABLE' });
  deps.workflows.start = start;
  await assert.rejects(service.create(LOCAL, call), { code: 'SESSION_NOT_ACTIVE' });
});

test('reconcileAdmissions() notices a workflow that was terminated', async (t) => {
  const { service, project, workflows, deps } = openService(t);
  await service.create(LOCAL, { user_id: 'bob', project_path: project, session_id: 'stopped' });
  workflows.terminate('stopped');
  assert.deepEqual(await reconcileAdmissions(deps, soon()), { given_back: ['stopped'], admitted: [] });
  assert.equal((await service.get(LOCAL, 'stopped')).status, 'disconnected');
});

test('reconcileAdmissions() asks Temporal once for 5,000 sessions that run', async (t) => {
  const { deps, db } = openService(t);
  const ids = Array.from({ length: 5_000 }, (_, number) => `s-${number}`);
  const insert = db.$client.prepare("INSERT INTO admissions VALUES (?, 'bob', '/p', '2026-01-01T00:00:00.000Z')");
  db.$client.transaction(() => ids.forEach((id) => insert.run(id)))();
  let asked = 0;
  const describe = deps.workflows.describe.bind(deps.workflows);
  deps.workflows.describe = (id) => ((asked += 1), describe(id));
  deps.workflows.listRunning = async () => ids;
  assert.deepEqual(await reconcileAdmissions(deps, soon()), { given_back: [], admitted: [] });
  assert.equal(asked, 0);
});
