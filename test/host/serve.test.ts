import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { freePorts } from '../support/machine/free-ports.ts';
import { until } from '../support/until.ts';

const BIN = fileURLToPath(new URL('../../bin/xswarm.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'xswarm-serve-'));
const [rest = 0, supervisor = 0, gateway = 0, temporal = 0, otherRest = 0, otherSupervisor = 0] = await freePorts(6);
const children: ChildProcess[] = [];
after(() => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

interface Served {
  child: ChildProcess;
  output: () => string;
}

function serve(roles: string, env: NodeJS.ProcessEnv = {}): Served {
  const child = spawn(process.execPath, [BIN, 'serve', '--roles', roles], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env.PATH,
      XSWARM_HOME: join(folder, 'home'),
      XSWARM_SERVER_PORT: String(rest),
      XSWARM_SUPERVISOR_PORT: String(supervisor),
      XSWARM_GATEWAY_PORT: String(gateway),
      // Nobody listens there: the parts wait for Temporal.
      XSWARM_TEMPORAL_ADDRESS: `127.0.0.1:${temporal}`,
      ...env,
    },
  });
  children.push(child);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (text: Buffer) => (output += text.toString()));
  return { child, output: () => output };
}

async function ended({ child }: Served): Promise<number | null> {
  await until('the process has ended', () => child.exitCode !== null || child.signalCode !== null);
  return child.exitCode;
}

for (const [roles, port, what] of [
  ['api', rest, 'REST'],
  ['api', supervisor, 'the supervisor socket'],
  ['gateway', gateway, 'the gateway'],
] as const) {
  test(`serve reports in one sentence that the port for ${what} is taken`, async () => {
    const squatter = createServer().listen(port, '127.0.0.1');
    await once(squatter, 'listening');
    const served = serve(roles, { XSWARM_LOG_LEVEL: 'error' });
    const code = await ended(served);
    squatter.close();
    assert.equal(code, 1);
    assert.match(served.output(), new RegExp(`^Port ${port} for ${what} is taken by another program: [^\\n]+\\n$`));
  });
}

test('serve writes server.json, refuses a second server on the folder, and removes the file when it stops', async () => {
  const served = serve('api,worker');
  const path = join(folder, 'home', 'server.json');
  await until('the file is there', () => existsSync(path), { seen: served.output });
  const { version, ...file } = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
  assert.deepEqual(file, {
    url: `http://127.0.0.1:${rest}`,
    supervisor_url: `ws://127.0.0.1:${supervisor}`,
    pid: served.child.pid,
  });
  assert.equal(typeof version, 'string');
  assert.equal(statSync(path).mode & 0o777, 0o600);

  const others = { XSWARM_SERVER_PORT: String(otherRest), XSWARM_SUPERVISOR_PORT: String(otherSupervisor) };
  const second = serve('api', others);
  assert.equal(await ended(second), 1);
  assert.match(second.output(), new RegExp(`^xswarm runs already on .* \\(process ${served.child.pid}\\)`));

  served.child.kill('SIGTERM');
  assert.equal(await ended(served), 0, served.output());
  assert.equal(existsSync(path), false);
});
