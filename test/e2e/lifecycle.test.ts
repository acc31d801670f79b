import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import test, { after, before } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { makeSystem, type System } from '../support/system.ts';
import { until } from '../support/until.ts';

const run = promisify(execFile);

let system: System;
before(async () => {
  system = await makeSystem({ env: { XSWARM_GATEWAY_AGENT: 'simulator' } });
  await system.start(['start']);
});
after(async () => {
  await system.remove();
});

test('the first start holds one conversation by itself and says what to paste next', async () => {
  await until('the lines to paste', () => system.output().includes('Ctrl-C stops everything'));
  const output = system.output();
  const id = /claude connect ([0-9a-f-]{36})/.exec(output)?.[1] ?? '';
  assert.match(output, /SIMULATED/);
  assert.match(output, /Simulated answer to: /);
  assert.match(output, /\$0\.\d+/, 'the cost of the answer');
  assert.match(output, new RegExp(`http://127.0.0.1:\\d+/namespaces/default/workflows/session-${id}`));
  const cost = await system.rest('GET', `/sessions/${id}/cost`);
  assert.ok((cost.body.cost_usd as number) > 0);
});

test('the curl line that start prints works as printed', async () => {
  const line = /curl -X POST .*$/m.exec(system.output())?.[0] ?? '';
  const { stdout } = await run('sh', ['-c', `${line} --silent`]);
  const answer = JSON.parse(stdout) as { content: string; cost_usd: number };
  assert.match(answer.content, /Check git status/);
  assert.ok(answer.cost_usd > 0);
});

test('the guide’s curl lines work as printed, with a real folder and user', async () => {
  await system.cli('user', 'add', 'user123');
  const create = `curl --silent -X POST ${system.restUrl}/api/claude-code/sessions \
    -H "Content-Type: application/json" \
    -d '{
      "user_id": "user123",
      "project_path": "${system.project}"
    }'`;
  const created = JSON.parse((await run('sh', ['-c', create])).stdout) as { session_id: string; status: string };
  assert.equal(created.status, 'connected');
  const message = `curl --silent -X POST ${system.restUrl}/api/claude-code/sessions/${created.session_id}/messages \
    -H "Content-Type: application/json" \
    -d '{
      "message": "Check git status",
      "context": {"source": "sms"}
    }'`;
  const answer = JSON.parse((await run('sh', ['-c', message])).stdout) as Record<string, unknown>;
  assert.deepEqual(
    ['message_id', 'content', 'cost_usd', 'timestamp'].filter((key) => !(key in answer)),
    [],
  );
  const cost = `curl --silent ${system.restUrl}/api/claude-code/sessions/${created.session_id}/cost`;
  const told = JSON.parse((await run('sh', ['-c', cost])).stdout) as Record<string, unknown>;
  assert.deepEqual([told.cost_usd, told.message_count], [answer.cost_usd, 1]);
});

test('a quiet session goes idle and then ends with Idle timeout', async () => {
  const created = await system.rest('POST', '/sessions', {
    user_id: 'user123',
    project_path: system.project,
    options: { idle_after_seconds: 1, idle_timeout_seconds: 3 },
  });
  const path = `/sessions/${created.body.session_id as string}`;
  await until('idle', async () => (await system.rest('GET', path)).body.status === 'idle', { limitMs: 6_000 });
  await until('disconnected', async () => (await system.rest('GET', path)).body.status === 'disconnected', {
    limitMs: 8_000,
  });
  assert.equal((await system.rest('GET', path)).body.reason, 'Idle timeout');
  const late = await system.rest('POST', `${path}/messages`, { message: 'too late' });
  assert.deepEqual([late.status, late.body.code], [409, 'SESSION_NOT_ACTIVE']);
});

test('a message that still waits when its session is ended answers as one that comes too late', async () => {
  const wish = { user_id: 'user123', project_path: system.project };
  const path = `/sessions/${(await system.rest('POST', '/sessions', wish)).body.session_id as string}`;
  await system.rest('POST', `${path}/messages`, { message: '[hang] on' }, { prefer: 'respond-async' });
  const waiting = system.rest('POST', `${path}/messages`, { message: 'waits' });
  const count = async (): Promise<unknown> => (await system.rest('GET', path)).body.message_count;
  await until('both accepted', async () => (await count()) === 2);
  await system.rest('DELETE', path);
  const { status, body } = await waiting;
  assert.deepEqual([status, body.code, typeof body.message_id], [409, 'SESSION_NOT_ACTIVE', 'string']);
  const state = (await system.rest('GET', `${path}/messages/${body.message_id as string}`)).body;
  assert.deepEqual(
    [state.status, (state.error as { message: string }).message],
    ['failed', 'Not sent: User requested'],
  );
});

test('the time runs while everything is down, and costs, history and open sessions are there afterwards', async () => {
  const short = await system.rest('POST', '/sessions', {
    user_id: 'user123',
    project_path: system.project,
    options: { idle_after_seconds: 1, idle_timeout_seconds: 3 },
  });
  const long = await system.rest('POST', '/sessions', { user_id: 'user123', project_path: system.project });
  const longPath = `/sessions/${long.body.session_id as string}`;
  await system.rest('POST', `${longPath}/messages`, { message: 'remember me' });
  const stopped = await system.stop();
  assert.deepEqual([stopped.code, stopped.ms < 10_000], [0, true], `${stopped.ms} ms\n${system.output()}`);
  await delay(3_500);
  await system.start();
  const shortPath = `/sessions/${short.body.session_id as string}`;
  await until('disconnected', async () => (await system.rest('GET', shortPath)).body.status === 'disconnected');
  assert.equal((await system.rest('GET', shortPath)).body.reason, 'Idle timeout');
  const answer = await system.rest('POST', `${longPath}/messages`, { message: 'still there?' });
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  const cost = await system.rest('GET', `${longPath}/cost`);
  assert.equal(cost.body.message_count, 2);
});
