import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { devServerArgs, devServerEnvironment } from '../../temporal/server/dev-server-args.ts';
import { findTemporalBinary } from '../../temporal/server/find-binary.ts';
import { testCacheDir } from '../support/temporal/temporal-env.ts';
import { until } from '../support/until.ts';

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** What a web page can send without asking: a simple request. Returns the status of the answer. */
async function signalWithStart(port: number): Promise<number> {
  const answer = await fetch(
    `http://127.0.0.1:${port}/api/v1/namespaces/xswarm/workflows/forged/signal-with-start/go`,
    {
      method: 'POST',
      headers: { 'content-type': 'text/plain' },
      body: JSON.stringify({ workflowType: { name: 'session' }, taskQueue: { name: 'sessions' } }),
    },
  );
  await answer.arrayBuffer();
  return answer.status;
}

async function withServer(
  change: (args: string[]) => string[],
  use: (ports: { http: number; ui: number }) => Promise<void>,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'xswarm-http-api-'));
  const [port, uiPort, http] = [await freePort(), await freePort(), await freePort()];
  const { path } = await findTemporalBinary({
    cacheDir: testCacheDir(),
    dataDir: folder,
    env: process.env,
    onProgress: (text) => process.stderr.write(`${text}\n`),
  });
  const dbPath = join(folder, 'temporal.db');
  const args = devServerArgs({
    port,
    ui: { host: '127.0.0.1', port: uiPort },
    apiUrl: 'http://127.0.0.1:9',
    namespace: 'xswarm',
    dbPath,
    durability: 'normal',
  });
  const server = spawn(path, [...change(args), '--http-port', String(http)], {
    env: devServerEnvironment(process.env),
    stdio: 'ignore',
  });
  const ended = new Promise((resolve) => server.once('exit', resolve));
  try {
    await until('the Web UI answers', async () => {
      const answer = await fetch(`http://127.0.0.1:${uiPort}/api/v1/namespaces/xswarm`).catch(() => null);
      return answer?.ok === true;
    });
    await use({ http, ui: uiPort });
  } finally {
    server.kill('SIGKILL');
    await ended;
    await rm(folder, { recursive: true, force: true });
  }
}

test("a signal-with-start by Temporal's HTTP API is refused, and the Web UI works", async () => {
  await withServer(
    (args) => args,
    async ({ http, ui }) => {
      assert.equal(await signalWithStart(http), 403);
      assert.equal((await fetch(`http://127.0.0.1:${ui}/`)).status, 200);
      const forged = await fetch(`http://127.0.0.1:${ui}/api/v1/namespaces/xswarm/workflows/forged`);
      assert.equal(forged.status, 404);
    },
  );
});

test('the same signal-with-start is accepted by a server without our setting', async () => {
  const open = (args: string[]): string[] => {
    const at = args.findIndex((arg) => arg.startsWith('frontend.httpAllowedHosts='));
    return args.toSpliced(at - 1, 2);
  };
  await withServer(open, async ({ http }) => assert.equal(await signalWithStart(http), 200));
});

test("Temporal's process gets no key and no token", () => {
  const env = devServerEnvironment({ PATH: '/bin', ANTHROPIC_API_KEY: 'secret', SUPERVISOR_TOKEN: 'secret' });
  assert.deepEqual(env, { PATH: '/bin' });
});
