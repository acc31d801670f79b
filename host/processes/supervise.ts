import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { splitLines } from './split-lines.ts';

/** A process to keep running. */
export interface ChildSpec {
  name: string;
  command: string;
  args: readonly string[];
  env: NodeJS.ProcessEnv;
  cwd?: string;
  /** Whether the child listens on a channel whose end tells it that this process died; only for Node programs. */
  channel: boolean;
  /** Milliseconds that a stop waits after SIGTERM before SIGKILL (default 4,000). */
  stopTimeoutMs?: number;
  /** Gets each line that the child writes to stdout and stderr. */
  onLine: (line: string) => void;
  onEvent: (event: ChildEvent) => void;
}

/** What happens to a supervised process. */
export type ChildEvent =
  { type: 'started'; pid: number } | { type: 'died'; how: string; deaths: number; restartInMs: number };

/** A process that is kept running until `stop`. */
export interface Supervised {
  readonly name: string;
  /** Of the process that runs now; null between two. */
  pid(): number | null;
  /** Ends it: SIGTERM, after the time-out SIGKILL. Resolves when it is gone; again: the same. */
  stop(): Promise<void>;
  /** Ends it at once. */
  kill(): void;
}

const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 5_000;
/** A program that cannot run at all ends sooner; one that was killed must not wait for its next start. */
const STEADY_AFTER_MS = 3_000;
const DEFAULT_STOP_TIMEOUT_MS = 4_000;

/**
 * Starts a process and starts it again whenever it dies, after pauses that grow from 0.2 s to 5 s while it ends within
 * 3 s of its start. It never gives up; `onEvent` tells each death. The process has its own group: Ctrl-C does not reach it.
 */
export function supervise(spec: ChildSpec): Supervised {
  let child: ChildProcess | null = null;
  let gone: Promise<void> = Promise.resolve();
  let stopping = false;
  let deaths = 0;
  let quickDeaths = 0;
  let pause: NodeJS.Timeout | undefined;

  const start = (): void => {
    const startedAt = performance.now();
    const started = spawn(spec.command, spec.args, {
      env: spec.env,
      cwd: spec.cwd,
      detached: true,
      stdio: spec.channel ? ['ignore', 'pipe', 'pipe', 'ipc'] : ['pipe', 'pipe', 'pipe'],
    });
    child = started;
    forwardLines(started, spec.onLine);
    if (started.pid !== undefined) spec.onEvent({ type: 'started', pid: started.pid });

    gone = new Promise((resolve) => {
      const ended = (how: string): void => {
        if (child !== started) return;
        child = null;
        resolve();
        if (stopping) return;
        deaths += 1;
        quickDeaths = performance.now() - startedAt >= STEADY_AFTER_MS ? 0 : quickDeaths + 1;
        const restartInMs = Math.min(FIRST_PAUSE_MS * 2 ** Math.max(0, quickDeaths - 1), LONGEST_PAUSE_MS);
        pause = setTimeout(start, restartInMs);
        spec.onEvent({ type: 'died', how, deaths, restartInMs });
      };
      started.once('error', (error) => ended(error.message));
      started.once('exit', (code, signal) => ended(signal === null ? `exit code ${String(code)}` : `signal ${signal}`));
    });
  };

  const signalGroup = (signal: NodeJS.Signals): void => {
    if (child?.pid === undefined) return;
    try {
      // The group, so that nothing it started stays behind; on Windows there is none.
      if (process.platform === 'win32') child.kill(signal);
      else process.kill(-child.pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  };

  start();
  return {
    name: spec.name,
    pid: () => child?.pid ?? null,
    async stop() {
      stopping = true;
      clearTimeout(pause);
      if (child === null) return;
      child.kill('SIGTERM');
      const limit = setTimeout(() => signalGroup('SIGKILL'), spec.stopTimeoutMs ?? DEFAULT_STOP_TIMEOUT_MS);
      await gone;
      clearTimeout(limit);
    },
    kill() {
      stopping = true;
      clearTimeout(pause);
      signalGroup('SIGKILL');
    },
  };
}

function forwardLines(child: ChildProcess, onLine: (line: string) => void): void {
  for (const stream of [child.stdout, child.stderr]) {
    const lines = splitLines(onLine);
    stream?.setEncoding('utf8');
    stream?.on('data', (text: string) => lines.feed(text));
    stream?.on('end', () => lines.flush());
  }
}
