import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AuditTrail } from '../../db/people/audit-trail.ts';
import type { AuditEntry } from '../../domain/access/audit.ts';
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
