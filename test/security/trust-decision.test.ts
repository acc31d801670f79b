import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { makeProjectPolicy } from '../../api/access/project-policy.ts';
import { ProjectTrusts } from '../../api/service/project-trusts.ts';
import { makeBus } from '../../db/events/bus.ts';
import { makeMirror } from '../../db/mirror/mirror.ts';
import { AuditTrail } from '../../db/people/audit-trail.ts';
import type { Caller } from '../../domain/access/caller.ts';
import { GatewayControlClient } from '../../protocol/gateway-control.ts';
import { startClaudeGateway } from '../support/gateway/claude-gateway.ts';
import { TEST_TOKEN } from '../support/gateway/gateway-client.ts';
import { openTestDb } from '../support/open-test-db.ts';

const ADMIN: Caller = { user_id: 'root', admin: true, via: 'token' };
const USER: Caller = { user_id: 'ada', admin: false, via: 'token' };

test('only an admin trusts a folder, only as it was shown, and a worker learns it from the database', async (t) => {
  const gate = await startClaudeGateway();
  t.after(() => gate.close());
  const db = openTestDb(t);
  const audit = new AuditTrail(db, null);
  const gateway = new GatewayControlClient({ url: gate.gateway.url, token: TEST_TOKEN });
  const trusts = new ProjectTrusts({ db, gateway, audit, projects: makeProjectPolicy('any') });
  const mirror = makeMirror(db, makeBus());
  assert.equal((await trusts.review(gate.project)).trust, 'none');

  const save = async (command: string): Promise<void> => {
    const hooks = { SessionStart: [{ hooks: [{ type: 'command', command }] }] };
    await writeFile(join(gate.project, '.claude', 'settings.json'), JSON.stringify({ hooks }));
  };
  await mkdir(join(gate.project, '.claude'));
  await save('./one.sh');
  const shown = await trusts.review(gate.project);
  assert.deepEqual([shown.trust, shown.hooks], ['untrusted', ['SessionStart: ./one.sh']]);
  assert.ok(shown.digest !== null);

  await assert.rejects(trusts.trust(USER, gate.project, shown.digest), { code: 'FORBIDDEN' });
  assert.throws(() => trusts.list(USER), { code: 'FORBIDDEN' });
  await assert.rejects(trusts.forget(USER, gate.project), { code: 'FORBIDDEN' });
  assert.equal(await mirror.trustedDigest(gate.project), null);

  await save('./other.sh');
  await assert.rejects(trusts.trust(ADMIN, gate.project, shown.digest), /not the ones that were shown/);
  await save('./one.sh');
  assert.equal((await trusts.trust(ADMIN, gate.project, shown.digest)).trusted_by, 'root');
  assert.equal(await mirror.trustedDigest(gate.project), shown.digest);
  assert.equal((await trusts.review(gate.project)).trust, 'trusted');
  await save('./other.sh');
  assert.equal((await trusts.review(gate.project)).trust, 'changed');

  assert.equal(await trusts.forget(ADMIN, gate.project), true);
  assert.equal(await trusts.forget(ADMIN, gate.project), false);
  assert.equal(await mirror.trustedDigest(gate.project), null);
  assert.deepEqual(
    audit.list({ limit: 9 }).map(({ who, action, outcome }) => [who, action, outcome]),
    [
      ['root', 'project.forget', 'done'],
      ['root', 'project.trust', 'done'],
      ['ada', 'project.forget', 'refused'],
      ['ada', 'project.trust', 'refused'],
      ['ada', 'project.trust', 'refused'],
    ],
  );
});
