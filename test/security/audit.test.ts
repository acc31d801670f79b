import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AuditTrail } from '../../db/people/audit-trail.ts';
import type { AuditEntry } from '../../domain/access/audit.ts';
import { callRest } from '../support/api/call-rest.ts';
import { openRealDoors } from '../support/api/open-real-doors.ts';
import { connectSupervisor } from '../support/api/supervisor-client.ts';
import { openTestDb } from '../support/open-test-db.ts';
import { jsonLines, runCli, tempDataDir } from '../support/run-cli.ts';

const refused: AuditEntry = {
  who: null,
  door: 'rest',
  evidence: 'none',
  action: 'call',
  object: 'GET /audit',
  outcome: 'refused',
  reason: 'Missing or invalid token',
};

test('what an administrator does by the command line is recorded, and no secret with it', async () => {
  const env = { XSWARM_HOME: tempDataDir() };
  await runCli(['user', 'add', 'ada', '--admin'], { env });
  const created = jsonLines((await runCli(['token', 'create', 'ada', '--json'], { env })).stdout)[0] ?? {};
  await runCli(['token', 'revoke', String(created['id'])], { env });
  await runCli(['dashboard', '--user', 'ada', '--no-open'], { env });
  await runCli(['user', 'remove', 'ada'], { env });

  const { stdout } = await runCli(['audit', '--json'], { env });
  assert.deepEqual(
    jsonLines(stdout).map(({ door, evidence, action, object, outcome }) => [door, evidence, action, object, outcome]),
    [
      ['cli', 'local', 'user.add', 'ada', 'done'],
      ['cli', 'local', 'token.create', created['id'], 'done'],
      ['cli', 'local', 'token.revoke', created['id'], 'done'],
      ['cli', 'local', 'login.code', 'ada', 'done'],
      ['cli', 'local', 'user.remove', 'ada', 'done'],
    ],
  );
  assert.equal(stdout.includes(String(created['token'])), false);
  assert.equal((await runCli(['audit', '--refused', '--json'], { env })).stdout, '');
});

test('refused calls cannot fill the disk: 120 a minute are recorded, and how many more there were', (t) => {
  let now = Date.UTC(2026, 0, 1);
  const audit = new AuditTrail(openTestDb(t), null, () => now);
  for (let count = 0; count < 500; count += 1) audit.record(refused);
  now += 60_000;
  audit.record(refused);
  const records = audit.list({ limit: 1_000 });
  assert.equal(records.length, 122);
  assert.equal(records[1]?.reason, '380 more were not recorded');
});

test('a database that cannot be written fails no call that is audited', (t) => {
  const db = openTestDb(t);
  const logged: object[] = [];
  const keep = (fields: object): void => void logged.push(fields);
  const audit = new AuditTrail(db, { debug: keep, info: keep, warn: keep, error: keep });
  db.$client.pragma('query_only = ON');
  audit.record(refused);
  audit.record({ ...refused, outcome: 'done' });
  assert.equal(logged.length, 4, 'each is in the log, with the failure');
});

test('refused calls and logins are recorded and logged as warnings, never with the secret', async (t) => {
  const doors = await openRealDoors(t, { auth: 'token' });
  const wrong = { authorization: 'Bearer xsw_not-a-good-secret' };
  await callRest('GET', `${doors.base}/sessions?q=1`, undefined, wrong);
  const socket = await connectSupervisor(doors.api.supervisorUrl, 'xsw_not-a-good-secret');
  await socket.closed;
  const asBob = { authorization: `Bearer ${doors.tokens.bob}` };
  const forbidden = await callRest('GET', `${doors.base}/audit`, undefined, asBob);
  const asAnn = { authorization: `Bearer ${doors.tokens.ann}` };
  const page = await callRest('GET', `${doors.base}/audit?limit=3`, undefined, asAnn);

  assert.deepEqual([forbidden.status, page.status], [403, 200]);
  const records = page.body['records'] as Record<string, unknown>[];
  assert.deepEqual(
    records.map(({ who, door, evidence, action, object, outcome }) => [who, door, evidence, action, object, outcome]),
    [
      ['bob', 'rest', 'token', 'call', 'GET /api/claude-code/audit', 'refused'],
      [null, 'socket', 'none', 'login', '127.0.0.1', 'refused'],
      [null, 'rest', 'none', 'call', 'GET /api/claude-code/sessions', 'refused'],
    ],
  );
  assert.equal(doors.logged.filter(({ fields }) => 'audit' in fields).length, 3);
  assert.equal(JSON.stringify([page.body, doors.logged]).includes('not-a-good-secret'), false);
});

test('an address that failed too often is not heard for a while, and who was good before is', async (t) => {
  const doors = await openRealDoors(t, { auth: 'token' });
  const ask = async (token: string): Promise<number> =>
    (await callRest('GET', `${doors.base}/sessions`, undefined, { authorization: `Bearer ${token}` })).status;
  assert.equal(await ask(doors.tokens.bob), 200);
  const statuses: number[] = [];
  for (let count = 0; count < 22; count += 1) statuses.push(await ask(`guess-${count}`));
  assert.deepEqual([statuses[0], statuses.at(-1)], [401, 429]);
  assert.deepEqual([await ask(doors.tokens.ann), await ask(doors.tokens.bob)], [429, 200]);
});

test('before authentication a frame of more than 4 KiB closes the socket', async (t) => {
  const doors = await openRealDoors(t, { auth: 'token' });
  const socket = await connectSupervisor(doors.api.supervisorUrl);
  socket.send({ type: 'auth', token: 'x'.repeat(5_000) });
  assert.equal(await socket.closed, 4401);
});

test('answers of the API are stored nowhere', async (t) => {
  const doors = await openRealDoors(t);
  for (const path of ['/sessions', '/sessions/none', '/cost']) {
    const { headers } = await callRest('GET', `${doors.base}${path}`);
    assert.equal(headers['cache-control'], 'no-store', path);
  }
});
