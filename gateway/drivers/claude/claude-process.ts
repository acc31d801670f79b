import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SpawnOptions, SpawnedProcess } from '@anthropic-ai/claude-agent-sdk';
import { endTagged } from '../../processes/sweep.ts';
import { signalProcess } from '../../processes/process-table.ts';

const STDERR_LIMIT = 8 * 1024;

/** Claude Code's process in a group of its own, and everything it started. */
export interface ClaudeProcess {
  /** For the SDK's `spawnClaudeCodeProcess`. */
  spawn(options: SpawnOptions): SpawnedProcess;
  readonly pid: number | null;
  /** The end of what it wrote to its error output. */
  stderr(): string;
  /** Resolves when the process and all that carries its tag are gone. Sends SIGTERM first, which saves the costs. */
  end(graceMs: number): Promise<void>;
}

export function makeClaudeProcess(agentId: string, spawned: (pid: number) => void): ClaudeProcess {
  let child: ChildProcess | null = null;
  let exited: Promise<unknown> = Promise.resolve();
  let errorText = '';

  return {
    spawn(options) {
      const started = spawn(options.command, options.args, {
        cwd: options.cwd,
        env: options.env,
        stdio: ['pipe', 'pipe', 'pipe'],
        detached: true,
        windowsHide: true,
      });
      child = started;
      exited = new Promise((resolve) => {
        started.once('exit', resolve);
        started.once('error', resolve);
      });
      started.stderr.setEncoding('utf8');
      started.stderr.on('data', (text: string) => (errorText = (errorText + text).slice(-STDERR_LIMIT)));
      // A write to a process that just died must not bring the gateway down; its exit is reported anyway.
      started.stdin.on('error', () => undefined);
      if (started.pid !== undefined) spawned(started.pid);
      return started;
    },
    get pid() {
      return child?.pid ?? null;
    },
    stderr: () => errorText.trim(),
    async end(graceMs) {
      if (child?.pid !== undefined && child.exitCode === null && child.signalCode === null) {
        if (graceMs > 0) {
          signalProcess(child.pid, 'SIGTERM');
          await Promise.race([exited, sleep(graceMs, undefined, { ref: false })]);
        }
        signalProcess(-child.pid, 'SIGKILL');
        await exited;
      }
      if (child?.pid !== undefined) signalProcess(-child.pid, 'SIGKILL');
      await endTagged(new Set([agentId]), Math.min(graceMs, 300));
      if (child !== null && !child.stdout?.closed) {
        const { stdout } = child;
        const closed = new Promise((resolve) => stdout?.once('close', resolve));
        await Promise.race([closed, sleep(500, undefined, { ref: false })]);
      }
    },
  };
}
