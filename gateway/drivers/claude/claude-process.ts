import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SpawnOptions, SpawnedProcess } from '@anthropic-ai/claude-agent-sdk';
import { signalProcess } from '../../processes/process-table.ts';
import { endTagged } from '../../processes/sweep.ts';

const STDERR_LIMIT = 8 * 1024;

/** Claude Code's process in a group of its own, and everything that it started. */
export class ClaudeProcess {
  readonly #agentId: string;
  readonly #spawned: (pid: number) => void;
  #child: ChildProcess | null = null;
  #exited: Promise<unknown> = Promise.resolve();
  #errorText = '';

  constructor(agentId: string, spawned: (pid: number) => void) {
    this.#agentId = agentId;
    this.#spawned = spawned;
  }

  get pid(): number | null {
    return this.#child?.pid ?? null;
  }

  /** The end of what the process wrote to its error output. */
  get stderr(): string {
    return this.#errorText.trim();
  }

  /** Starts the process; for the SDK's `spawnClaudeCodeProcess`. */
  spawn(options: SpawnOptions): SpawnedProcess {
    const started = spawn(options.command, options.args, {
      cwd: options.cwd,
      env: options.env,
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: true,
      windowsHide: true,
    });
    this.#child = started;
    this.#exited = new Promise((resolve) => {
      started.once('exit', resolve);
      started.once('error', resolve);
    });
    started.stderr.setEncoding('utf8');
    started.stderr.on('data', (text: string) => (this.#errorText = (this.#errorText + text).slice(-STDERR_LIMIT)));
    // A write to a process that just died must not end the gateway; the exit is reported anyway.
    started.stdin.on('error', () => undefined);
    if (started.pid !== undefined) this.#spawned(started.pid);
    return started;
  }

  /** Resolves when the process and all that carries its tag are gone. Sends SIGTERM first, on which Claude saves its costs. */
  async end(graceMs: number): Promise<void> {
    const child = this.#child;
    if (child?.pid !== undefined && child.exitCode === null && child.signalCode === null) {
      if (graceMs > 0) {
        signalProcess(child.pid, 'SIGTERM');
        await Promise.race([this.#exited, sleep(graceMs, undefined, { ref: false })]);
      }
      signalProcess(-child.pid, 'SIGKILL');
      await this.#exited;
    }
    if (child?.pid !== undefined) signalProcess(-child.pid, 'SIGKILL');
    await endTagged(new Set([this.#agentId]), Math.min(graceMs, 300));
    if (child !== null && !child.stdout?.closed) {
      const { stdout } = child;
      const closed = new Promise((resolve) => stdout?.once('close', resolve));
      await Promise.race([closed, sleep(500, undefined, { ref: false })]);
    }
  }
}
