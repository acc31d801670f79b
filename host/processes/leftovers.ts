import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { processStarted } from '../../gateway/processes/process-table.ts';
import { dataFiles } from '../backup/data-files.ts';

interface Remembered {
  name: string;
  pid: number;
  identity: string;
}

/** Remembers the children of this `start` on the disk, for the next one. */
export interface ChildRegister {
  note(name: string, pid: number): Promise<void>;
}

/** Makes an empty register. */
export function makeChildRegister(dataDir: string): ChildRegister {
  const children = new Map<string, Remembered>();
  return {
    async note(name, pid) {
      const identity = await processStarted(pid);
      if (identity === null) return;
      children.set(name, { name, pid, identity });
      const path = dataFiles.children(dataDir);
      writeFileSync(`${path}.new`, JSON.stringify([...children.values()]), { mode: 0o600 });
      renameSync(`${path}.new`, path);
    },
  };
}

/** Names the children of a `start` on this data folder that still run, this one's or an earlier one's. */
export async function livingChildren(dataDir: string): Promise<string[]> {
  return (await stillThere(readRegister(dataDir))).map(({ name }) => name);
}

/**
 * Waits until the children of an earlier `start` that was killed are gone: they notice by themselves. What is still there
 * after `patienceMs` is killed. A process that only has the same number is left alone.
 */
export async function waitForLeftovers(
  dataDir: string,
  patienceMs: number,
  onWait: (names: string[]) => void,
): Promise<void> {
  const deadline = performance.now() + patienceMs;
  let told = false;
  for (;;) {
    const left = await stillThere(readRegister(dataDir));
    if (left.length === 0) return;
    if (!told) onWait(left.map(({ name }) => name));
    told = true;
    if (performance.now() >= deadline) {
      for (const { pid } of left) killGroup(pid);
      await sleep(200);
      return;
    }
    await sleep(100);
  }
}

async function stillThere(children: Remembered[]): Promise<Remembered[]> {
  const identities = await Promise.all(children.map(({ pid }) => processStarted(pid)));
  return children.filter(({ identity }, index) => identities[index] === identity);
}

function readRegister(dataDir: string): Remembered[] {
  try {
    return JSON.parse(readFileSync(dataFiles.children(dataDir), 'utf8')) as Remembered[];
  } catch {
    // No earlier start, or one that died while it wrote: then the ports tell.
    return [];
  }
}

function killGroup(pid: number): void {
  try {
    process.kill(process.platform === 'win32' ? pid : -pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
