import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { AlreadyRunning, DataLock } from '../../host/processes/data-lock.ts';

const tempDir = (): string => mkdtempSync(join(tmpdir(), 'xswarm-lock-'));

function pidOf(dataDir: string): number | null {
  try {
    DataLock.take(dataDir).release();
  } catch (error) {
    assert.ok(error instanceof AlreadyRunning, String(error));
    return error.pid;
  }
  return null;
}

/** Takes the lock in another process, which keeps it. */
async function holder(dataDir: string): Promise<ReturnType<typeof spawn>> {
  const module = new URL('../../host/processes/data-lock.ts', import.meta.url).href;
  const source = `import { DataLock } from ${JSON.stringify(module)};
    DataLock.take(${JSON.stringify(dataDir)}); console.log('held'); setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--import', import.meta.resolve('tsx'), '--input-type=module', '-e', source], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  return child;
}

test('a second start on a data folder is refused with the pid of the first', async () => {
  const dataDir = tempDir();
  const first = await holder(dataDir);
  try {
    assert.throws(() => DataLock.take(dataDir), {
      code: 'ALREADY_RUNNING',
      message: `xswarm runs already on ${dataDir} (process ${first.pid}): use that one, stop it, or set XSWARM_HOME to another folder`,
    });
    assert.equal(pidOf(tempDir()), null);
  } finally {
    first.kill('SIGKILL');
    await once(first, 'exit');
  }
});

test('the lock of a process that was killed is free at once', async () => {
  const dataDir = tempDir();
  const first = await holder(dataDir);
  assert.equal(pidOf(dataDir), first.pid);
  first.kill('SIGKILL');
  await once(first, 'exit');
  DataLock.take(dataDir).release();
});

test('a lock that was released can be taken again', () => {
  const dataDir = tempDir();
  DataLock.take(dataDir).release();
  DataLock.take(dataDir).release();
});
