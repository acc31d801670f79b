import assert from 'node:assert/strict';
import { copyFileSync, existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { after, before } from 'node:test';
import { Client, Connection } from '@temporalio/client';
import BetterSqlite3 from 'better-sqlite3';
import { dumpMirror } from '../support/dump-mirror.ts';
import { jsonLines } from '../support/run-cli.ts';
import { makeSystem, type System } from '../support/system.ts';
import { until } from '../support/until.ts';

let system: System;
before(async () => {
  system = await makeSystem({ env: { XSWARM_GATEWAY_AGENT: 'simulator' } });
  await system.start();
  await system.cli('user', 'add', 'ann', '--admin');
});
after(async () => {
  await system.remove();
});

const database = (): string => join(system.home, 'xswarm.db');

function change(sql: string, ...values: unknown[]): void {
  const db = new BetterSqlite3(database(), { timeout: 10_000 });
  db.pragma('foreign_keys = ON');
  db.prepare(sql).run(...values);
  db.close();
}

async function create(options: object = {}): Promise<string> {
  const quiet = { idle_after_seconds: 3_000, idle_timeout_seconds: 3_600 };
  const asked = { user_id: 'ann', project_path: system.project, options: quiet, ...options };
  const created = await system.rest('POST', '/sessions', asked);
  assert.equal(created.status, 201, JSON.stringify(created.body));
  return created.body.session_id as string;
}

async function ask(
  id: string,
  message: string,
  headers: Record<string, string> = {},
): Promise<Record<string, unknown>> {
  return (await system.rest('POST', `/sessions/${id}/messages`, { message, context: { source: 'test' } }, headers))
    .body;
}

async function status(id: string): Promise<unknown> {
  return (await system.rest('GET', `/sessions/${id}`)).body.status;
}

async function check(): Promise<Record<string, unknown>[]> {
  const { stdout, stderr } = await system.cli('mirror', 'check', '--json');
  assert.equal(stderr, '');
  const lines = jsonLines(stdout);
  assert.equal(lines.at(-1)?.type, 'checked', stdout);
  return lines.filter(({ type }) => type === 'difference');
}

/** Sessions of every kind: busy, idle, ended by three ways, with messages that were never carried out. */
let busy: string;
let ended: string;
test('the mirror of a running system has no difference', async () => {
  busy = await create({ title: 'the busy one' });
  for (let turn = 1; turn <= 5; turn += 1) await ask(busy, `question ${turn}`);
  await ask(busy, 'a large one: ' + 'word '.repeat(20_000));
  ended = await create();
  await ask(ended, '[tool Read notes.txt] [deny Bash rm] look around');
  await ask(ended, '[fail] go wrong');
  await ask(ended, '[hang] never done', { prefer: 'respond-async' });
  await ask(ended, 'never sent', { prefer: 'respond-async' });
  await until('sent', async () => {
    const page = (await system.rest('GET', `/sessions/${ended}/messages`)).body.messages as { status: string }[];
    return page.some((message) => message.status === 'sent');
  });
  await system.rest('DELETE', `/sessions/${ended}`);
  const idle = await create({ options: { idle_after_seconds: 1 } });
  await ask(idle, 'then be quiet');
  await until('idle', async () => (await status(idle)) === 'idle');
  const short = await create({ options: { idle_after_seconds: 1, idle_timeout_seconds: 2 } });
  await until('timed out', async () => (await status(short)) === 'disconnected');
  assert.deepEqual(await check(), []);
});

test('a database that was deleted is made again, and everything is as before', async () => {
  const before = dumpMirror(database());
  await system.stop();
  for (const end of ['', '-wal', '-shm']) rmSync(`${database()}${end}`, { force: true });
  await system.start();
  const rebuilt = await system.cli('mirror', 'rebuild', '--json');
  assert.equal(rebuilt.code, 0, rebuilt.stdout + rebuilt.stderr);
  const last = jsonLines(rebuilt.stdout).at(-1);
  assert.deepEqual([last?.type, last?.failed, last?.kept], ['rebuilt', 0, 0]);
  assert.deepEqual(dumpMirror(database()), before);
  assert.deepEqual(await check(), []);

  const missing = await system.rest('POST', '/sessions', { user_id: 'ann', project_path: system.project });
  assert.equal(missing.body.code, 'USER_NOT_FOUND', 'users are in a backup only');
  await system.cli('user', 'add', 'ann', '--admin');
  await ask(busy, 'still there?');
  assert.equal((await system.rest('GET', `/sessions/${busy}/cost`)).body.message_count, 7);
});

test('a rebuild under load changes nothing and loses nothing', async () => {
  const before = dumpMirror(database());
  let goesOn = true;
  const asked: string[] = [];
  const talking = create().then(async (id) => {
    for (let turn = 0; goesOn; turn += 1) asked.push((await ask(id, `under load ${turn}`)).message_id as string);
    return id;
  });
  for (let round = 0; round < 3; round += 1) {
    const { code, stdout } = await system.cli('mirror', 'rebuild');
    assert.deepEqual([code, /rebuilt/.test(stdout)], [0, true], stdout);
  }
  goesOn = false;
  const id = await talking;
  assert.ok(asked.length > 10, `${asked.length} turns`);
  const page = await system.rest('GET', `/sessions/${id}/messages?limit=200&order=asc`);
  const questions = (page.body.messages as { id: string; direction: string; status: string }[]).filter(
    (message) => message.direction === 'to_claude' && message.status === 'done',
  );
  assert.deepEqual(
    questions.map((message) => message.id),
    asked,
  );
  const after = dumpMirror(database());
  const old = (rows: unknown[] = []): unknown[] =>
    rows.filter(
      (row) => (row as { id?: string; session_id?: string }).session_id !== id && (row as { id?: string }).id !== id,
    );
  assert.deepEqual(old(after.history), before.history);
  assert.deepEqual(old(after.sessions), before.sessions);
  assert.deepEqual(await check(), []);
});

const PLANTED: [what: string, sql: string, found: RegExp][] = [
  [
    'a status',
    "UPDATE claude_code_sessions SET status = 'active' WHERE id = @ended",
    /status is active, should be disconnected/,
  ],
  ['a version', 'UPDATE claude_code_sessions SET version = version + 7 WHERE id = @ended', /version is/],
  ['an owner', "UPDATE claude_code_sessions SET user_id = 'eve' WHERE id = @ended", /user_id is eve, should be ann/],
  [
    'a count',
    'UPDATE claude_code_sessions SET message_count = 99 WHERE id = @ended',
    /message_count is 99, should be 4/,
  ],
  [
    'the money of a session',
    'UPDATE claude_code_sessions SET cost_nano = 5, cost_usd = 5 / 1e9 WHERE id = @ended',
    /cost_nano is 5, should be/,
  ],
  [
    'the money of an answer',
    "UPDATE claude_code_messages SET cost_nano = 5, cost_usd = 5 / 1e9 WHERE session_id = @ended AND status = 'failed' AND reply_to IS NOT NULL AND cost_nano > 0",
    /cost_nano is 5, should be/,
  ],
  [
    'the text of an answer',
    "UPDATE claude_code_messages SET message = 'forged' WHERE session_id = @ended AND reply_to IS NOT NULL AND status = 'done'",
    /message is forged, should be Simulated/,
  ],
  [
    'the outcome of a message',
    "UPDATE claude_code_messages SET status = 'done' WHERE session_id = @ended AND status = 'failed' AND direction = 'to_claude'",
    /status is done, should be failed/,
  ],
  [
    'a lost message',
    "DELETE FROM claude_code_messages WHERE session_id = @ended AND message LIKE 'never sent%'",
    /it is missing/,
  ],
  [
    'a made-up message',
    `INSERT INTO claude_code_messages (id, session_id, direction, message, timestamp, status)
     VALUES ('made-up', @ended, 'to_claude', 'never said', '2026-01-01T00:00:00.000Z', 'done')`,
    /nobody knows it .*never said/,
  ],
  [
    'the tokens of a model',
    `UPDATE turn_usage SET input_tokens = 77 WHERE message_key =
       (SELECT max(key) FROM claude_code_messages WHERE session_id = @ended AND cost_nano > 0)`,
    /usage is .*77/,
  ],
  [
    'a lost event',
    'DELETE FROM session_events WHERE type = 7 AND session_key = (SELECT key FROM claude_code_sessions WHERE id = @ended)',
    /hole|tool_started/,
  ],
  [
    'a changed event',
    "UPDATE session_events SET body = '{}' WHERE type = 9 AND session_key = (SELECT key FROM claude_code_sessions WHERE id = @ended)",
    /it is missing: .*permission/,
  ],
  [
    'a number of the gateway',
    'UPDATE claude_code_sessions SET agent_seq = agent_seq - 1 WHERE id = @ended',
    /agent_seq is/,
  ],
  ['a lost session', 'DELETE FROM claude_code_sessions WHERE id = @ended', /the mirror does not know it/],
  [
    'a made-up session',
    `INSERT INTO claude_code_sessions (id, user_id, project_path, started_at, last_activity)
     VALUES ('made-up', 'ann', '/nowhere', '2026-01-01T00:00:00.000Z', '2026-01-01T00:00:00.000Z')`,
    /it is in the mirror only/,
  ],
  [
    'the search index',
    `INSERT INTO message_search (message_search, rowid, message)
     SELECT 'delete', key, message FROM claude_code_messages WHERE session_id = @ended AND message LIKE 'never sent%'`,
    /search index does not agree/,
  ],
];

for (const [what, sql, found] of PLANTED) {
  test(`mirror check finds ${what} that is wrong, and a rebuild corrects it`, async () => {
    const before = dumpMirror(database());
    change(sql, sql.includes('@ended') ? { ended } : {});
    const differences = (await check()).map(({ text }) => String(text));
    assert.ok(
      differences.some((text) => found.test(text)),
      differences.join('\n'),
    );
    if (what === 'a made-up session') {
      change("DELETE FROM claude_code_sessions WHERE id = 'made-up'");
    } else {
      const { code, stdout } = await system.cli('mirror', 'rebuild', '--json');
      assert.equal(code, 0, stdout);
    }
    assert.deepEqual(await check(), []);
    const after = dumpMirror(database());
    for (const part of ['sessions', 'history', 'usage', 'stats', 'found'] as const) {
      assert.deepEqual(sorted(after[part]), sorted(before[part]), part);
    }
  });
}

function sorted(rows: unknown[] = []): string[] {
  return rows.map((row) => JSON.stringify(row)).sort();
}

test('what a power cut took from the mirror alone comes back at the next start by itself', async () => {
  await system.stop();
  const copy = join(system.home, 'before-the-cut.db');
  copyFileSync(database(), copy);
  await system.start();
  const born = await create({ title: 'born meanwhile' });
  await ask(born, 'who knows me?');
  await ask(busy, 'and this?');
  await system.rest('DELETE', `/sessions/${born}`);
  const waiting = await create();
  await ask(waiting, '[hang] for ever', { prefer: 'respond-async' });
  await ask(waiting, 'waits behind it', { prefer: 'respond-async' });
  await until(
    'sent',
    async () => (await system.rest('GET', `/sessions/${waiting}/messages`)).body.messages !== undefined,
  );
  await system.rest('POST', `/sessions/${waiting}/messages`, { message: 'more' }, { prefer: 'respond-async' });
  const before = dumpMirror(database());
  await system.stop();
  const lacking = dumpMirror(copy);
  assert.notDeepEqual(lacking.history, before.history);
  copyFileSync(copy, database());
  rmSync(join(system.home, 'mirror.boot'), { force: true });
  await system.start();
  await until('no difference', async () => (await check()).length === 0, { limitMs: 30_000 });
  const after = dumpMirror(database());
  assert.deepEqual(sorted(after.sessions).length, sorted(before.sessions).length);
  const ids = (rows: unknown[] = []): string[] => rows.map((row) => (row as { id: string }).id).sort();
  assert.deepEqual(
    ids(after.history).filter((id) => ids(before.history).includes(id)),
    ids(before.history),
  );
  await system.rest('DELETE', `/sessions/${waiting}`);
});

test('a session that an operator terminated in Temporal is ended in the mirror, and no difference is left', async () => {
  const lost = await create();
  await ask(lost, 'before the end');
  const connection = await Connection.connect({ address: system.temporalAddress });
  await new Client({ connection }).workflow.getHandle(`session-${lost}`).terminate('an operator');
  await connection.close();
  const differences = await check();
  assert.match(JSON.stringify(differences), /status is active, should be error/);
  const { code } = await system.cli('mirror', 'rebuild');
  assert.equal(code, 0);
  assert.deepEqual([await status(lost), await check()], ['error', []]);
});

test('a backup that was made while it ran is put back when it stands still, and the rest is rebuilt', async () => {
  const file = join(system.home, '..', 'backup.db');
  const made = await system.cli('backup', file, '--json');
  assert.equal(made.code, 0, made.stderr);
  assert.equal(jsonLines(made.stdout)[0]?.users, 2, 'ann, and who started it first');
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.match((await system.cli('backup', file)).stderr, /is there already/);
  const secret = jsonLines((await system.cli('token', 'create', 'ann', '--json')).stdout)[0]?.token as string;
  const since = await create();
  await ask(since, 'since the backup');
  const before = dumpMirror(database());

  const refused = await system.cli('restore', file);
  assert.deepEqual([refused.code, /runs already/.test(refused.stderr)], [1, true], refused.stderr);
  assert.deepEqual(dumpMirror(database()), before);
  await system.stop();
  writeFileSync(database(), 'no database any more');
  const restored = await system.cli('restore', file, '--json');
  assert.equal(restored.code, 0, restored.stderr);
  assert.ok(existsSync(jsonLines(restored.stdout)[0]?.kept as string));
  await system.start();
  assert.equal((await system.cli('mirror', 'rebuild')).code, 0);
  const after = dumpMirror(database());
  assert.deepEqual(sorted(after.history), sorted(before.history));
  assert.deepEqual(await check(), []);
  assert.equal((await ask(since, 'and on')).status, undefined);
  const answer = await system.rest('GET', '/sessions', undefined, { authorization: `Bearer ${secret}` });
  assert.equal(answer.status, 401, 'a token made after the backup is gone with the database');
});

test('a file that is no backup is refused, and nothing is touched', async () => {
  const file = join(system.home, '..', 'nonsense.db');
  writeFileSync(file, 'nonsense');
  await system.stop();
  const before = readFileSync(database());
  const refused = await system.cli('restore', file);
  assert.deepEqual([refused.code, /not a complete copy/.test(refused.stderr)], [1, true], refused.stderr);
  assert.deepEqual(readFileSync(database()), before);
  assert.match((await system.cli('mirror', 'check')).stderr, /is not running/);
});
