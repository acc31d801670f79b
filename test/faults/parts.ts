import { mkdirSync, mkdtempSync, rmSync, writeFileSync, appendFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { guardOrphan, ProcessKeeper } from '../../host/processes/process-keeper.ts';
import { devServerArgs } from '../../temporal/server/dev-server-args.ts';
import { findTemporalBinary } from '../../temporal/server/find-binary.ts';
import { freePorts } from '../support/machine/free-ports.ts';
import { testCacheDir } from '../support/temporal/temporal-env.ts';
import { startTcpProxy, type TcpProxy } from './tcp-proxy.ts';

const BIN = fileURLToPath(new URL('../../bin/xswarm.js', import.meta.url));
const PART_MAIN = fileURLToPath(new URL('./part-main.ts', import.meta.url));
const READY_MS = 60_000;

export type PartName = 'temporal' | 'gateway' | 'app';
export type LineName = 'rest' | 'gateway' | 'temporal';

/** A part died; `at` in `performance.now()` milliseconds, `point` where it was told to. */
export interface Death {
  part: PartName;
  at: number;
  how: string;
  point: string | null;
}

export interface PartsOptions {
  durability: 'full' | 'normal';
  /** More of the environment of all parts. */
  env?: NodeJS.ProcessEnv;
  /** The place at which a part that starts now is to die, `<name>:<n>`; null for none. */
  nextPoint(part: PartName): string | null;
  onDeath(death: Death): void;
}

/** The product's parts as processes that start again by themselves, with a line of ours between each two. */
export interface Parts {
  restUrl: string;
  folder: string;
  home: string;
  project: string;
  temporalAddress: string;
  lines: Record<LineName, TcpProxy>;
  pid(part: PartName): number | null;
  signal(part: PartName, signal: NodeJS.Signals): void;
  start(): Promise<void>;
  /** Resolves when the app says that it is ready. */
  ready(limitMs?: number): Promise<void>;
  /** SIGTERM to all, app first. */
  stop(): Promise<void>;
  /** Ends what is left. */
  remove(): Promise<void>;
  /** The mark that every process of this run carries in its environment, and whatever it starts. */
  mark: string;
}

/** Prepares folders, ports and lines; nothing runs yet. */
export async function makeParts(options: PartsOptions): Promise<Parts> {
  const folder = mkdtempSync(join(tmpdir(), 'xswarm-faults-'));
  const [home, project, logs] = ['home', 'project', 'logs'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  for (const path of [home, project, logs, join(home, 'temporal')]) mkdirSync(path, { recursive: true });
  const [rest, supervisor, gateway, temporal, ui] = (await freePorts(5)) as [number, number, number, number, number];
  const lines: Parts['lines'] = {
    rest: await startTcpProxy(rest),
    gateway: await startTcpProxy(gateway),
    temporal: await startTcpProxy(temporal),
  };
  const mark = `FAULT_RUN=${folder}`;
  const common: NodeJS.ProcessEnv = {
    PATH: process.env.PATH,
    HOME: folder,
    XSWARM_HOME: home,
    XSWARM_CACHE: testCacheDir(),
    FAULT_RUN: folder,
    XSWARM_STORAGE_DURABILITY: options.durability,
    XSWARM_SERVER_PORT: String(rest),
    XSWARM_SUPERVISOR_PORT: String(supervisor),
    XSWARM_GATEWAY_PORT: String(gateway),
    XSWARM_GATEWAY_AGENT: 'simulator',
    XSWARM_CLAUDE_CODE_MAX_SESSIONS: '1000',
    XSWARM_CLAUDE_CODE_MAX_SESSIONS_PER_USER: '1000',
    CLAUDE_CODE_WEBSOCKET_URL: `ws://127.0.0.1:${lines.gateway.port}`,
    CLAUDE_CODE_AUTH_TOKEN: 'a-gateway-token',
    XSWARM_TEMPORAL_ADDRESS: `127.0.0.1:${lines.temporal.port}`,
    ...options.env,
  };
  const running = new Map<PartName, ProcessKeeper>();

  async function commandOf(part: PartName): Promise<{ command: string; args: string[] }> {
    const main = ['--import', import.meta.resolve('tsx'), PART_MAIN];
    if (part === 'gateway') return { command: process.execPath, args: [...main, 'gateway'] };
    if (part === 'app') return { command: process.execPath, args: [...main, 'api,worker'] };
    const { path } = await findTemporalBinary({
      cacheDir: testCacheDir(),
      dataDir: join(home, 'temporal'),
      env: process.env,
      onProgress: () => undefined,
    });
    const args = devServerArgs({
      port: temporal,
      ui: { host: '127.0.0.1', port: ui ?? 0 },
      apiUrl: 'http://127.0.0.1:9',
      namespace: 'default',
      dbPath: join(home, 'temporal', 'temporal.db'),
      durability: options.durability,
    });
    return guardOrphan({ command: path, args });
  }

  async function startPart(part: PartName): Promise<void> {
    const env: NodeJS.ProcessEnv = { ...common };
    const log = join(logs, `${part}.log`);
    writeFileSync(log, '');
    const arm = (): void => {
      const point = options.nextPoint(part);
      if (point === null) delete env.CRASH_POINT;
      else env.CRASH_POINT = point;
    };
    arm();
    const child = new ProcessKeeper({
      ...(await commandOf(part)),
      name: part,
      env,
      cwd: project,
      channel: part !== 'temporal',
      onLine: (line) => appendFileSync(log, `${line}\n`),
      onEvent(event) {
        appendFileSync(log, `${new Date().toISOString()} ${JSON.stringify(event)} ${env.CRASH_POINT ?? ''}\n`);
        if (event.type !== 'died') return;
        options.onDeath({ part, at: performance.now(), how: event.how, point: env.CRASH_POINT ?? null });
        arm();
      },
    });
    running.set(part, child);
  }

  async function ready(limitMs = READY_MS): Promise<void> {
    const deadline = Date.now() + limitMs;
    for (;;) {
      const answer = await fetch(`http://127.0.0.1:${rest}/ready`, { signal: AbortSignal.timeout(3_000) }).catch(
        () => null,
      );
      await answer?.body?.cancel();
      if (answer?.ok === true) return;
      if (Date.now() > deadline) throw new Error(`Not ready after ${limitMs} ms; the logs are in ${logs}`);
      await sleep(50);
    }
  }

  return {
    restUrl: `http://127.0.0.1:${lines.rest.port}`,
    folder,
    home,
    project,
    temporalAddress: `127.0.0.1:${temporal}`,
    lines,
    mark,
    pid: (part) => running.get(part)?.pid ?? null,
    signal(part, signal) {
      const pid = running.get(part)?.pid;
      // Between its death and its next start there is nobody to signal.
      if (pid !== undefined && pid !== null) process.kill(pid, signal);
    },
    ready,
    async start() {
      for (const part of ['temporal', 'gateway', 'app'] as const) await startPart(part);
      await ready();
      await promisify(execFile)(process.execPath, [BIN, 'user', 'add', 'tester'], { env: common, cwd: project });
    },
    async stop() {
      for (const part of ['app', 'gateway', 'temporal'] as const) await running.get(part)?.stop();
    },
    async remove() {
      for (const child of running.values()) child.kill();
      for (const line of Object.values(lines)) await line.close();
      await sleep(100);
      rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
    },
  };
}
