import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Writes a small Node program to a temporary file and gives its path. */
export function childProgram(source: string): string {
  const path = join(mkdtempSync(join(tmpdir(), 'xswarm-child-')), 'program.mjs');
  writeFileSync(path, source);
  return path;
}

/** Whether a process with this number is there. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
