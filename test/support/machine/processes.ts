import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';

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
