import assert from 'node:assert/strict';
import test from 'node:test';
import { narrowedOptions, permittedOptions, type ModeLimits } from '../../api/access/permitted-options.ts';
import { startClaudeGateway } from '../support/gateway/claude-gateway.ts';
import { callTool, say } from '../support/gateway/messages-api.ts';
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

const LIMITS: ModeLimits = { auth: 'local', widest: 'bypassPermissions', byDefault: 'default' };
const ADMIN = { id: 'root', admin: true };
const USER = { id: 'ada', admin: false };
const bypass = { permission_mode: 'bypassPermissions' } as const;

test('bypassPermissions is for admins in local mode, and below the widest mode of the gateway', () => {
  assert.deepEqual(permittedOptions(ADMIN, bypass, LIMITS), bypass);
  const refusals = [
    [USER, LIMITS, 'acceptEdits'],
    [ADMIN, { ...LIMITS, auth: 'token' }, 'acceptEdits'],
    [ADMIN, { ...LIMITS, widest: 'plan' }, 'plan'],
  ] as const;
  for (const [user, limits, allowed] of refusals) {
    assert.throws(() => permittedOptions(user, bypass, limits), {
      code: 'NOT_PERMITTED',
      message: `permission_mode "bypassPermissions" is wider than sessions of ${user.id} may have: "${allowed}" at most`,
    });
  }
});

test('a default or stored mode that is wider is narrowed', () => {
  const limits = { ...LIMITS, byDefault: 'bypassPermissions' } as const;
  assert.deepEqual(permittedOptions(USER, { model: 'm' }, limits), { model: 'm', permission_mode: 'acceptEdits' });
  assert.deepEqual(permittedOptions(ADMIN, {}, limits), {});
  assert.deepEqual(narrowedOptions(USER, bypass, LIMITS), { permission_mode: 'acceptEdits' });
});

test('the gateway starts no agent with a wider mode than its own, whatever it is asked', async (t) => {
  const gate = await startClaudeGateway(() => ({ maxPermissionMode: 'default' }));
  t.after(() => gate.close());
  const sessionId = randomUUID();
  const file = join(gate.project, 'forbidden.txt');
  gate.api.on(sessionId, (call) =>
    call.afterTool ? say('done') : callTool('Write', { file_path: file, content: 'x' }),
  );
  const client = await gate.connect();
  const options = { permission_mode: 'acceptEdits' } as const;
  await client.open({ session_id: sessionId, project_path: gate.project, options, start: true });
  await client.ask('write it');
  assert.equal(existsSync(file), false);
});
