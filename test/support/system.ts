import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { testCacheDir } from './temporal/temporal-env.ts';
import { until } from './until.ts';
import { freePorts } from './machine/free-ports.ts';

const BIN = fileURLToPath(new URL('../../bin/xswarm.js', import.meta.url));
const READY_MS = 60_000;
const STOP_MS = 30_000;
const REST_MS = 150_000;

export interface SystemOptions {
  env?: NodeJS.ProcessEnv;
  /** `start` holds the first conversation, `supervisor` does not (the default). */
  command?: string[];
  /** A project folder that outlives the system; by default it has one of its own. */
  project?: string;
}

export interface CliAnswer {
  code: number;
  stdout: string;
  stderr: string;
}

/** The product as people run it: its own processes, ports and folders. */
export interface System {
  restUrl: string;
  supervisorUrl: string;
  temporalAddress: string;
  home: string;
  /** A project folder. */
  project: string;
  env: NodeJS.ProcessEnv;
  /** What `start` printed so far. */
  output(): string;
  pid(): number;
  /** Of the `start` that ran last; null while it runs. */
  exitCode(): number | null;
  /** Starts it; again after `stop`, also with another build. Resolves when it is ready. */
  start(command?: string[], bin?: string): Promise<void>;
  /** Ctrl-C; resolves with the exit code and how long it took. */
  stop(): Promise<{ code: number | null; ms: number }>;
  cli(...args: string[]): Promise<CliAnswer>;
  /** Calls REST below the prefix. */
  rest(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<RestAnswer>;
  /** Stops it if it runs and removes its folders. */
  remove(): Promise<void>;
}

export interface RestAnswer {
  status: number;
  headers: Headers;
  body: Record<string, unknown>;
}

/** Makes a system in temporary folders on free ports; nothing runs yet. */
export async function makeSystem(options: SystemOptions = {}): Promise<System> {
  const folder = mkdtempSync(join(tmpdir(), 'xswarm-system-'));
  const home = join(folder, 'home');
  const project = options.project ?? join(folder, 'project');
  mkdirSync(project, { recursive: true });
  const [rest, supervisor, gateway, temporal, ui] = await freePorts(5);
  const env: NodeJS.ProcessEnv = {
    PATH: process.env.PATH,
    HOME: folder,
    XSWARM_HOME: home,
    XSWARM_CACHE: testCacheDir(),
    XSWARM_SERVER_PORT: String(rest),
    XSWARM_SUPERVISOR_PORT: String(supervisor),
    XSWARM_GATEWAY_PORT: String(gateway),
    XSWARM_TEMPORAL_PORT: String(temporal),
    XSWARM_TEMPORAL_UI_PORT: String(ui),
    ...options.env,
  };
  const restUrl = `http://127.0.0.1:${rest}`;
  let child: ChildProcess | null = null;
  let output = '';

  const hasEnded = (): boolean => child === null || child.exitCode !== null || child.signalCode !== null;

  async function ready(): Promise<void> {
    const seen = (): string => output;
    await until(
      'the system is ready or has ended',
      async () => {
        if (hasEnded()) return true;
        return (await fetch(`${restUrl}/ready`, { signal: AbortSignal.timeout(3_000) })).ok;
      },
      { limitMs: READY_MS, seen },
    );
    if (hasEnded()) throw new Error(`start ended with ${child?.exitCode ?? child?.signalCode}:\n${output}`);
  }

  const system: System = {
    restUrl,
    supervisorUrl: `ws://127.0.0.1:${supervisor}`,
    temporalAddress: `127.0.0.1:${temporal}`,
    home,
    project,
    env,
    output: () => output,
    pid: () => child?.pid ?? 0,
    exitCode: () => child?.exitCode ?? null,
    async start(command = options.command ?? ['supervisor'], bin = BIN) {
      output = '';
      child = spawn(process.execPath, [bin, ...command], { cwd: project, env, stdio: ['ignore', 'pipe', 'pipe'] });
      for (const stream of [child.stdout, child.stderr]) {
        stream?.on('data', (chunk: Buffer) => (output += chunk.toString()));
      }
      await ready();
    },
    async stop() {
      const began = performance.now();
      if (child === null || hasEnded()) return { code: child?.exitCode ?? null, ms: 0 };
      const exited = once(child, 'exit');
      child.kill('SIGINT');
      const limit = setTimeout(() => child?.kill('SIGKILL'), STOP_MS);
      await exited;
      clearTimeout(limit);
      return { code: child.exitCode, ms: performance.now() - began };
    },
    cli: (...args) =>
      new Promise((resolve) => {
        execFile(process.execPath, [BIN, ...args], { env, cwd: project, timeout: 60_000 }, (error, stdout, stderr) => {
          resolve({ code: error === null ? 0 : Number(error.code ?? 1), stdout, stderr });
        });
      }),
    async rest(method, path, body, headers = {}) {
      const answer = await fetch(`${restUrl}/api/claude-code${path}`, {
        method,
        headers: { 'content-type': 'application/json', ...headers },
        body: body === undefined ? undefined : JSON.stringify(body),
        signal: AbortSignal.timeout(REST_MS),
      });
      return { status: answer.status, headers: answer.headers, body: (await answer.json()) as Record<string, unknown> };
    },
    async remove() {
      await system.stop();
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
  return system;
}
