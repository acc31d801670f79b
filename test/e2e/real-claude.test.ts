import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { after, before } from 'node:test';
import Database from 'better-sqlite3';
import { getLedger, workflowIdOf } from '../../workflows/definitions.ts';
import {
  CALL_COST_NANO,
  callTool,
  claudeEnv,
  say,
  startMessagesApi,
  TEST_MODEL,
  type MessagesApi,
} from '../support/gateway/messages-api.ts';
import { makeSystem, type System } from '../support/system.ts';
import { installedClient } from '../support/temporal/installed-client.ts';
import { until } from '../support/until.ts';

let api: MessagesApi;
let system: System;

before(async () => {
  api = await startMessagesApi();
  system = await makeSystem();
  Object.assign(system.env, claudeEnv(api, system.home), {
    HOME: system.env.HOME,
    XSWARM_GATEWAY_MODEL: TEST_MODEL,
    XSWARM_CLAUDE_CODE_IDLE_AFTER_SECONDS: '2',
  });
  await system.start();
  await system.cli('user', 'add', 'user123');
});
after(async () => {
  await system.remove();
  await api.close();
});

const usd = (nano: number) => nano / 1e9;

test('a session with real Claude Code: three messages, a tool, idle and resume, and a cost that is exact everywhere', async () => {
  api.on(null, (call) => {
    if (call.afterTool) return say('The file is written.');
    if (call.lastText.includes('write the file')) {
      return callTool('Write', { file_path: join(system.project, 'hello.txt'), content: 'hello from a tool\n' });
    }
    return say(`You said: ${call.lastText}`);
  });
  const created = await system.rest('POST', '/sessions', {
    user_id: 'user123',
    project_path: system.project,
    options: { permission_mode: 'acceptEdits' },
  });
  assert.equal(created.status, 201, JSON.stringify(created.body));
  assert.equal(created.body.status, 'connected');
  const id = created.body.session_id as string;
  const send = (message: string) => system.rest('POST', `/sessions/${id}/messages`, { message });

  const first = await send('remember the word walnut');
  assert.equal(first.status, 200, JSON.stringify(first.body));
  assert.equal(first.body.cost_usd, usd(CALL_COST_NANO));
  assert.match(first.body.content as string, /walnut/);

  const second = await send('please write the file');
  assert.equal(second.body.content, 'The file is written.');
  assert.equal(second.body.cost_usd, usd(2 * CALL_COST_NANO));
  assert.equal(readFileSync(join(system.project, 'hello.txt'), 'utf8'), 'hello from a tool\n');

  await until('idle', async () => (await system.rest('GET', `/sessions/${id}`)).body.status === 'idle');
  const status = JSON.parse((await system.cli('claude', 'status', id, '--json')).stdout) as Record<string, unknown>;
  assert.equal(status.status, 'idle');

  const callsBefore = api.calls.length;
  const third = await send('what was the word?');
  assert.equal(third.status, 200, JSON.stringify(third.body));
  const seen = api.calls[callsBefore]?.transcript.join('\n') ?? '';
  assert.match(seen, /user: .*remember the word walnut/, 'Claude still knows the first message');
  assert.equal(third.body.cost_usd, usd(CALL_COST_NANO));

  const total = 4 * CALL_COST_NANO;
  const cost = await system.rest('GET', `/sessions/${id}/cost`);
  assert.deepEqual([cost.body.cost_usd, cost.body.message_count], [usd(total), 3]);
  const cli = JSON.parse((await system.cli('claude', 'cost', 'user123', '--json')).stdout) as { cost_usd: number };
  assert.equal(cli.cost_usd, usd(total));

  const db = new Database(join(system.home, 'xswarm.db'), { readonly: true });
  const stats = db.prepare('SELECT cost_usd FROM claude_code_session_stats WHERE session_id = ?').get(id);
  assert.deepEqual(stats, { cost_usd: usd(total) });
  const row = db.prepare('SELECT cost_usd, cost_nano, message_count FROM claude_code_sessions WHERE id = ?').get(id);
  assert.deepEqual(row, { cost_usd: usd(total), cost_nano: total, message_count: 3 });
  const sum = db.prepare('SELECT sum(cost_nano) AS nano FROM claude_code_messages WHERE session_id = ?').get(id);
  assert.deepEqual(sum, { nano: total });
  db.close();

  const client = await installedClient(system);
  const ledger = await client.workflow.getHandle(workflowIdOf(id)).query(getLedger);
  assert.deepEqual([ledger.cost_nano, ledger.message_count], [total, 3]);
  await client.connection.close();
});

test('the same Idempotency-Key is the same message: one call to the model, the first answer again', async () => {
  api.on(null, (call) => say(`echo ${call.lastText}`));
  const created = await system.rest('POST', '/sessions', { user_id: 'user123', project_path: system.project });
  const id = created.body.session_id as string;
  const once = () =>
    system.rest('POST', `/sessions/${id}/messages`, { message: 'pay once' }, { 'idempotency-key': 'k-1' });
  const before = api.calls.length;
  const [one, two] = await Promise.all([once(), once()]);
  const three = await once();
  assert.deepEqual(two.body, one.body);
  assert.deepEqual(three.body, one.body);
  assert.equal(api.calls.length - before, 1);
  const other = await system.rest(
    'POST',
    `/sessions/${id}/messages`,
    { message: 'else' },
    { 'idempotency-key': 'k-1' },
  );
  assert.deepEqual([other.status, other.body.code], [409, 'IDEMPOTENCY_MISMATCH']);
});

test('restart: sessions, costs and history are there, and the open session answers', async () => {
  api.on(null, (call) => say(`echo ${call.lastText}`));
  const created = await system.rest('POST', '/sessions', { user_id: 'user123', project_path: system.project });
  const id = created.body.session_id as string;
  await system.rest('POST', `/sessions/${id}/messages`, { message: 'before the restart' });
  const stopped = await system.stop();
  assert.equal(stopped.code, 0, system.output());
  assert.ok(stopped.ms < 10_000, `stopped in ${stopped.ms} ms`);
  await system.start();
  const before = api.calls.length;
  const answer = await system.rest('POST', `/sessions/${id}/messages`, { message: 'after the restart' });
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  assert.match(api.calls[before]?.transcript.join('\n') ?? '', /before the restart/);
  const history = await system.rest('GET', `/sessions/${id}/messages?order=asc`);
  const messages = (history.body.messages ?? history.body.items) as { message: string; direction: string }[];
  assert.deepEqual(
    messages.map(({ direction, message }) => `${direction}: ${message}`),
    [
      'to_claude: before the restart',
      'from_claude: echo before the restart',
      'to_claude: after the restart',
      'from_claude: echo after the restart',
    ],
  );
  const cost = await system.rest('GET', `/sessions/${id}/cost`);
  assert.equal(cost.body.cost_usd, usd(2 * CALL_COST_NANO));
  assert.equal(existsSync(join(system.home, 'xswarm.db')), true);
});
