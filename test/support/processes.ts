import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';

/** The processes whose command line matches. */
export function pidsOf(words: string): number[] {
  try {
    return execFileSync('pgrep', ['-f', words], { encoding: 'utf8' }).trim().split('\n').map(Number);
  } catch {
    return [];
  }
}

/** Kills the one Claude Code process of a conversation, without a chance to save anything. */
export function killAgent(conversation: string): void {
  const pids = pidsOf(`claude .*${conversation}`);
  assert.equal(pids.length, 1);
  process.kill(pids[0]!, 'SIGKILL');
}

/** Resolves when the condition holds; fails after 10 s. */
export async function eventually(holds: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; !(await holds()); tries += 1) {
    assert.ok(tries < 500, `not so within 10 s: ${holds.toString()}`);
    await sleep(20);
  }
}
