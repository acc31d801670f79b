import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { after, before } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createKeyRing } from '../../temporal/payloads/key-ring.ts';
import { freePorts } from '../support/machine/free-ports.ts';
import { until } from '../support/until.ts';
import { startTemporalEnv, type TemporalEnv } from '../support/temporal/temporal-env.ts';

const BIN = fileURLToPath(new URL('../../bin/xswarm.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'xswarm-roles-'));
const project = join(folder, 'project');
const children: ChildProcess[] = [];
let temporal: TemporalEnv;
let rest = 0;
let token = '';
let shared: NodeJS.ProcessEnv = {};

function env(part: string, more: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return { PATH: process.env.PATH, HOME: folder, XSWARM_HOME: join(folder, part), ...more };
}

function serve(roles: string, environment: NodeJS.ProcessEnv): ChildProcess {
  const child = spawn(process.execPath, [BIN, 'serve', '--roles', roles], { env: environment, stdio: 'ignore' });
  children.push(child);
  return child;
}

before(async () => {
  mkdirSync(project);
  temporal = await startTemporalEnv();
  const [restPort = 0, supervisor, gateway] = await freePorts(3);
  rest = restPort;
  // What docker-compose.yml gives each part, with loopback instead of its networks.
  shared = {
    CLAUDE_CODE_WEBSOCKET_URL: `ws://127.0.0.1:${gateway}`,
    CLAUDE_CODE_AUTH_TOKEN: 'a-gateway-token',
    XSWARM_TEMPORAL_ADDRESS: temporal.env.address,
    XSWARM_SERVER_URL: `http://127.0.0.1:${rest}`,
    XSWARM_SERVER_INTERNAL_TOKEN: 'an-internal-token',
    XSWARM_TEMPORAL_PAYLOAD_KEYS: createKeyRing(),
  };
  serve('gateway', env('gateway', { CLAUDE_CODE_AUTH_TOKEN: 'a-gateway-token', XSWARM_GATEWAY_PORT: String(gateway) }));
  const app = env('app', {
    ...shared,
    XSWARM_SERVER_PORT: String(rest),
    XSWARM_SERVER_AUTH: 'token',
    XSWARM_CLAUDE_CODE_PROJECT_ROOTS: folder,
    XSWARM_SUPERVISOR_PORT: String(supervisor),
    SUPERVISOR_TOKEN: 'a-supervisor-token',
  });
  serve('api', app);
  serve('worker', env('worker-1', shared));
  serve('worker', env('worker-2', shared));
  await until('ready', async () => (await fetch(`http://127.0.0.1:${rest}/ready`).catch(() => null))?.ok === true);
  const cli = async (...args: string[]): Promise<string> => {
    const child = spawn(process.execPath, [BIN, ...args], { env: app, stdio: ['ignore', 'pipe', 'inherit'] });
    let text = '';
    child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
    await once(child, 'close');
    return text;
  };
  await cli('user', 'add', 'user123');
  token = (JSON.parse(await cli('token', 'create', 'user123', '--json')) as { token: string }).token;
});
after(async () => {
  for (const child of children) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill('SIGTERM');
    await once(child, 'exit');
  }
  await temporal.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function call(
  method: string,
  path: string,
  body?: unknown,
): Promise<{ status: number; body: Record<string, unknown> }> {
  const answer = await fetch(`http://127.0.0.1:${rest}/api/claude-code${path}`, {
    method,
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
}

test('api, two workers and the gateway in processes of their own hold a conversation', async () => {
  const created = await call('POST', '/sessions', { user_id: 'user123', project_path: project });
  assert.equal(created.status, 201, JSON.stringify(created.body));
  const path = `/sessions/${created.body.session_id as string}`;
  const answer = await call('POST', `${path}/messages`, { message: 'Check git status' });
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  const cost = await call('GET', `${path}/cost`);
  assert.equal(cost.body.cost_usd, answer.body.cost_usd);
});

test('a worker that is killed is replaced by the other one', async () => {
  const created = await call('POST', '/sessions', { user_id: 'user123', project_path: project });
  const path = `/sessions/${created.body.session_id as string}`;
  await call('POST', `${path}/messages`, { message: 'one' });
  children[2]?.kill('SIGKILL');
  for (const message of ['two', 'three']) {
    const answer = await call('POST', `${path}/messages`, { message });
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
  }
  assert.equal((await call('GET', `${path}/cost`)).body.message_count, 3);
});

test('without a token the app refuses', async () => {
  const answer = await fetch(`http://127.0.0.1:${rest}/api/claude-code/sessions`);
  assert.equal(answer.status, 401);
});

test('a worker with other keys than the api refuses to start and says which are missing', async () => {
  const child = spawn(process.execPath, [BIN, 'serve', '--roles', 'worker'], {
    env: env('stray', { ...shared, XSWARM_TEMPORAL_PAYLOAD_KEYS: createKeyRing() }),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number];
  assert.equal(code, 1);
  assert.match(output, /Payload keys of the API are missing here: [0-9a-f]{8}/);
});
