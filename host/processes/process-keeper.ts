import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { LineSplitter } from '../logs/log-line.ts';

/** A process to keep running. */
export interface KeptProcess {
  name: string;
  command: string;
  args: readonly string[];
  env: NodeJS.ProcessEnv;
  cwd?: string;
  /** Whether the child has a channel whose end shows it that this process died; only for Node programs. */
  channel: boolean;
  /** Milliseconds between SIGTERM and SIGKILL when it is stopped (default 4,000). */
  stopTimeoutMs?: number;
  /** Receives each line that the child writes to stdout and stderr. */
  onLine: (line: string) => void;
  onEvent: (event: ProcessEvent) => void;
}

/** What happened to a kept process. */
export type ProcessEvent =
  { type: 'started'; pid: number } | { type: 'died'; how: string; deaths: number; restartInMs: number };

const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 5_000;
/** A program that cannot run at all ends sooner than this; one that was killed later starts again without a long pause. */
const STEADY_AFTER_MS = 3_000;
const DEFAULT_STOP_TIMEOUT_MS = 4_000;

/**
 * Keeps a process running until `stop`: starts it, and starts it again whenever it dies, after pauses that grow from 0.2 s to
 * 5 s while it ends within 3 s of its start. It never gives up; `onEvent` reports each death. The process leads a process
 * group of its own, so a Ctrl-C in the terminal does not reach it.
 */
export class ProcessKeeper {
  readonly name: string;
  readonly #kept: KeptProcess;
  #child: ChildProcess | null = null;
  #gone: Promise<void> = Promise.resolve();
  #stopping = false;
  #deaths = 0;
  #quickDeaths = 0;
  #pause: NodeJS.Timeout | undefined;

  constructor(kept: KeptProcess) {
    this.name = kept.name;
    this.#kept = kept;
    this.#start();
  }

  /** The id of the process that runs now; null between a death and the next start. */
  get pid(): number | null {
    return this.#child?.pid ?? null;
  }

  /** How often the process has died. */
  get deaths(): number {
    return this.#deaths;
  }

  /** Ends the process with SIGTERM, and after the time-out with SIGKILL. Resolves when it has ended. */
  async stop(): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#pause);
    if (this.#child === null) return;
    this.#child.kill('SIGTERM');
    const limit = setTimeout(() => this.#signalGroup('SIGKILL'), this.#kept.stopTimeoutMs ?? DEFAULT_STOP_TIMEOUT_MS);
    await this.#gone;
    clearTimeout(limit);
  }

  /** Ends the process at once. */
  kill(): void {
    this.#stopping = true;
    clearTimeout(this.#pause);
    this.#signalGroup('SIGKILL');
  }

  #start(): void {
    const { command, args, env, cwd, channel, onLine, onEvent } = this.#kept;
    const startedAt = performance.now();
    const started = spawn(command, args, {
      env,
      cwd,
      detached: true,
      stdio: channel ? ['ignore', 'pipe', 'pipe', 'ipc'] : ['pipe', 'pipe', 'pipe'],
    });
    this.#child = started;
    forwardLines(started, onLine);
    if (started.pid !== undefined) onEvent({ type: 'started', pid: started.pid });
    this.#gone = new Promise((resolve) => {
      const ended = (how: string): void => {
        if (this.#child !== started) return;
        this.#child = null;
        resolve();
        if (!this.#stopping) this.#startAgain(how, performance.now() - startedAt);
      };
      started.once('error', (error) => ended(error.message));
      started.once('exit', (code, signal) => ended(signal === null ? `exit code ${String(code)}` : `signal ${signal}`));
    });
  }

  #startAgain(how: string, ranForMs: number): void {
    this.#deaths += 1;
    this.#quickDeaths = ranForMs >= STEADY_AFTER_MS ? 0 : this.#quickDeaths + 1;
    const restartInMs = Math.min(FIRST_PAUSE_MS * 2 ** Math.max(0, this.#quickDeaths - 1), LONGEST_PAUSE_MS);
    this.#pause = setTimeout(() => this.#start(), restartInMs);
    this.#kept.onEvent({ type: 'died', how, deaths: this.#deaths, restartInMs });
  }

  #signalGroup(signal: NodeJS.Signals): void {
    if (this.#child?.pid === undefined) return;
    try {
      // The whole group, so that nothing the process started stays behind. Windows has no process groups.
      if (process.platform === 'win32') this.#child.kill(signal);
      else process.kill(-this.#child.pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }
}

function forwardLines(child: ChildProcess, onLine: (line: string) => void): void {
  for (const stream of [child.stdout, child.stderr]) {
    const lines = new LineSplitter(onLine);
    stream?.setEncoding('utf8');
    stream?.on('data', (text: string) => lines.feed(text));
    stream?.on('end', () => lines.flush());
  }
}

/** A command line. */
export interface CommandLine {
  command: string;
  args: string[];
}

/**
 * Watches stdin from a side process and ends the program when it closes, which happens when the process that started it died.
 * The shell becomes the program itself, so that its process id, signals and exit code stay the same.
 */
const GUARD_SCRIPT =
  '{ exec 3<&0; } 2>/dev/null; ( while read -r _ <&3; do :; done; kill -TERM $$ ) >/dev/null 2>&1 & exec "$@" 3<&- </dev/null';

/** Wraps a foreign program so that it ends with the process that holds its stdin. */
export function guardOrphan(line: CommandLine): CommandLine {
  if (process.platform === 'win32') return line;
  return { command: '/bin/sh', args: ['-c', GUARD_SCRIPT, 'xswarm-guard', line.command, ...line.args] };
}
