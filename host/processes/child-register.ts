import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { processStarted } from '../../gateway/processes/process-table.ts';
import { dataFiles } from '../config/data-folder.ts';

interface RegisteredChild {
  name: string;
  pid: number;
  /** When the process started: a process id alone may have been given to another program. */
  identity: string;
}

/** The file in which `start` notes its child processes, for the next `start`. */
export class ChildRegister {
  readonly #path: string;
  readonly #children = new Map<string, RegisteredChild>();

  constructor(dataDir: string) {
    this.#path = dataFiles.children(dataDir);
  }

  /** Notes the present process of a part. */
  async note(name: string, pid: number): Promise<void> {
    const identity = await processStarted(pid);
    if (identity === null) return;
    this.#children.set(name, { name, pid, identity });
    writeFileSync(`${this.#path}.new`, JSON.stringify([...this.#children.values()]), { mode: 0o600 });
    renameSync(`${this.#path}.new`, this.#path);
  }
}

/** Returns the names of the registered children that still run, of the present `start` or an earlier one. */
export async function livingChildren(dataDir: string): Promise<string[]> {
  return (await livingOf(readRegister(dataDir))).map(({ name }) => name);
}

/**
 * Waits until the children of an earlier `start` that was killed have ended, which they do by themselves, and kills those that
 * still run after `patienceMs`. Another program that has the same process id now is not touched.
 */
export async function waitForLeftovers(
  dataDir: string,
  patienceMs: number,
  onWait: (names: string[]) => void,
): Promise<void> {
  const deadline = performance.now() + patienceMs;
  let reported = false;
  for (;;) {
    const left = await livingOf(readRegister(dataDir));
    if (left.length === 0) return;
    if (!reported) onWait(left.map(({ name }) => name));
    reported = true;
    if (performance.now() >= deadline) {
      for (const { pid } of left) killGroup(pid);
      await sleep(200);
      return;
    }
    await sleep(100);
  }
}

async function livingOf(children: RegisteredChild[]): Promise<RegisteredChild[]> {
  const identities = await Promise.all(children.map(({ pid }) => processStarted(pid)));
  return children.filter(({ identity }, index) => identities[index] === identity);
}

function readRegister(dataDir: string): RegisteredChild[] {
  try {
    return JSON.parse(readFileSync(dataFiles.children(dataDir), 'utf8')) as RegisteredChild[];
  } catch {
    // There was no earlier start, or it died before it wrote the file; then the check of the ports finds what is left.
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
