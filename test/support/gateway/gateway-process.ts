import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { GatewayOptions } from '../../../gateway/front/server.ts';
import { connectGateway, TEST_TOKEN } from './gateway-client.ts';
import type { GatewayClient } from './gateway-client.ts';

/** A gateway that runs as a process, so that it can be killed. */
export interface GatewayProcess {
  project: string;
  home: string;
  dataDir: string;
  connect(): Promise<GatewayClient>;
  /** SIGKILL: nothing of it runs on afterwards but what it had started. */
  kill(): Promise<void>;
  /** SIGTERM; resolves when the process has ended. */
  terminate(): Promise<void>;
  start(): Promise<void>;
  close(): Promise<void>;
}

/** Starts a gateway process on folders of its own. */
export async function startGatewayProcess(choose: (home: string) => Partial<GatewayOptions>): Promise<GatewayProcess> {
  const base = await mkdtemp(join(tmpdir(), 'xswarm-gateway-'));
  const [project, home, dataDir] = await Promise.all(
    ['project', 'home', 'data'].map((name) => mkdtemp(join(base, `${name}-`))),
  );
  const clients: GatewayClient[] = [];
  let child: ChildProcess | null = null;
  let url = '';

  async function start(): Promise<void> {
    const options = {
      host: '127.0.0.1',
      port: 0,
      token: TEST_TOKEN,
      dataDir,
      durability: 'full',
      agent: 'simulator',
      env: {},
      ...choose(home!),
    };
    const main = fileURLToPath(new URL('gateway-main.ts', import.meta.url));
    const started = spawn(process.execPath, ['--import', 'tsx', main, JSON.stringify(options)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    child = started;
    const lines = createInterface({ input: started.stdout });
    const [line] = (await Promise.race([
      once(lines, 'line'),
      once(started, 'exit').then(() => Promise.reject(new Error('The gateway ended before it listened'))),
    ])) as [string];
    url = line;
  }

  async function end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
  }

  await start();
  return {
    project: project!,
    home: home!,
    dataDir: dataDir!,
    start,
    kill: () => end('SIGKILL'),
    terminate: () => end('SIGTERM'),
    async connect() {
      const client = await connectGateway(url);
      clients.push(client);
      return client;
    },
    async close() {
      await Promise.all(clients.map((client) => client.close()));
      // A clean end, so that its agents end with it.
      await end('SIGTERM');
      await rm(base, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
