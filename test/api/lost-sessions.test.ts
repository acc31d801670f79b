import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as nextTick } from 'node:timers/promises';
import { reconcileAdmissions } from '../../api/service/session-service.ts';
import { callRest } from '../support/api/call-rest.ts';
import { openRealDoors } from '../support/api/open-real-doors.ts';
import { LOCAL, openService } from '../support/api/open-service.ts';

const LONG_AGO = '2024-01-01T00:00:00.000Z';

for (const how of ['terminate', 'forget'] as const) {
  const past = { terminate: 'terminated', forget: 'deleted' }[how];
  for (const call of ['messages', 'presence'] as const) {
    test(`${call} of a session whose workflow was ${past} in Temporal is refused, and the mirror shows its end`, async (t) => {
      const doors = await openRealDoors(t);
      await doors.service.create(LOCAL, { session_id: 's', user_id: 'bob', project_path: doors.project });
      doors.workflows[how]('s');
      doors.db.$client.prepare('UPDATE claude_code_sessions SET last_activity = ?').run(LONG_AGO);
      const body = call === 'messages' ? { message: 'hello' } : undefined;
      const answer = await callRest('POST', `${doors.base}/sessions/s/${call}`, body);
      assert.deepEqual([answer.status, answer.body['message']], [409, 'Session is not active: s']);
      assert.equal((await doors.service.get(LOCAL, 's')).is_active, false);
      assert.equal(doors.db.$client.prepare('SELECT count(*) FROM admissions').pluck().get(), 0);
    });
  }

  test(`resume() of a session that looks open and whose workflow was ${past} begins a new run`, async (t) => {
    const { service, workflows, project } = openService(t);
    await service.create(LOCAL, { session_id: 's', user_id: 'bob', project_path: project });
    workflows[how]('s');
    assert.equal((await service.resume(LOCAL, 's')).status, 'active');
    assert.deepEqual(workflows.starts, ['s', 's']);
  });
}

test('create() with the id of a session that looks open and was terminated is refused, again and again', async (t) => {
  const doors = await openRealDoors(t);
  const wish = { session_id: 's', user_id: 'bob', project_path: doors.project };
  await doors.service.create(LOCAL, wish);
  doors.workflows.terminate('s');
  for (let n = 0; n < 2; n += 1) assert.equal((await callRest('POST', `${doors.base}/sessions`, wish)).status, 409);
  assert.equal((await doors.service.get(LOCAL, 's')).status, 'disconnected');
  assert.equal(doors.db.$client.prepare('SELECT count(*) FROM admissions').pluck().get(), 0);
});

test('create() with the id of a session that looks open and that Temporal has deleted starts it again', async (t) => {
  const { service, workflows, project } = openService(t);
  const wish = { session_id: 's', user_id: 'bob', project_path: project };
  await service.create(LOCAL, wish);
  workflows.forget('s');
  assert.equal((await service.create(LOCAL, wish)).status, 'active');
  assert.deepEqual(workflows.starts, ['s', 's']);
});

test('resume() waits for a workflow that has told its end to the mirror and has not ended yet', async (t) => {
  const { service, workflows, project } = openService(t);
  await service.create(LOCAL, { session_id: 's', user_id: 'bob', project_path: project });
  await service.disconnect(LOCAL, 's', 'User requested');
  const resume = workflows.resume.bind(workflows);
  let asked = 0;
  workflows.resume = async (start, floor) => {
    asked += 1;
    return asked === 1 ? 'running' : await resume(start, floor);
  };
  assert.equal((await service.resume(LOCAL, 's')).status, 'active');
  assert.equal(asked, 2);
});

test('reports of presence at one time are forwarded once', async (t) => {
  const { service, workflows, project, db } = openService(t);
  await service.create(LOCAL, { session_id: 's', user_id: 'bob', project_path: project });
  db.$client.prepare('UPDATE claude_code_sessions SET last_activity = ?').run(LONG_AGO);
  await Promise.all([service.presence(LOCAL, 's'), service.presence(LOCAL, 's')]);
  assert.deepEqual(workflows.present, ['s']);
});

test('reconcileAdmissions() asks about lost sessions side by side, each once', async (t) => {
  const { workflows, deps, db } = openService(t);
  const insert = db.$client.prepare('INSERT INTO admissions VALUES (?, ?, ?, ?)');
  const ids = Array.from({ length: 200 }, (_, n) => `s-${n}`);
  db.$client.transaction(() => ids.forEach((id) => insert.run(id, 'bob', '/p', LONG_AGO)))();
  let [questions, now, most] = [0, 0, 0];
  workflows.describe = async () => {
    questions += 1;
    now += 1;
    most = Math.max(most, now);
    await nextTick();
    now -= 1;
    return 'unknown';
  };
  const { given_back } = await reconcileAdmissions(deps, new Date());
  assert.deepEqual([given_back.length, questions, most], [200, 200, 20]);
});
