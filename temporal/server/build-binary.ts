import { spawn } from 'node:child_process';
import { mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { GetBinaryOptions } from './download-binary.ts';

const LIMIT_MS = 20 * 60_000;
const TELL_EVERY_MS = 15_000;

/** Builds Temporal's CLI with the Go toolchain of this machine: once, 3 to 4 minutes on two cores. */
export async function buildTemporal({ version, target, env, onProgress }: GetBinaryOptions): Promise<void> {
  const folder = await mkdtemp(join(dirname(target), 'build-'));
  const began = Date.now();
  onProgress(`building Temporal ${version} with Go, once: this takes 3 to 4 minutes`);
  const tell = setInterval(() => {
    onProgress(`building Temporal: ${Math.round((Date.now() - began) / 1000)} s`);
  }, TELL_EVERY_MS);
  try {
    await goInstall(`github.com/temporalio/cli/cmd/temporal@v${version}`, { ...env, GOBIN: folder });
    const [built] = await readdir(folder);
    if (built === undefined) throw new Error('go install left no file');
    await rename(join(folder, built), target);
  } finally {
    clearInterval(tell);
    await rm(folder, { recursive: true, force: true });
  }
}

function goInstall(module: string, env: NodeJS.ProcessEnv): Promise<void> {
  return new Promise((resolve, reject) => {
    const go = spawn('go', ['install', '-ldflags', '-s -w', module], {
      env,
      stdio: ['ignore', 'ignore', 'pipe'],
      timeout: LIMIT_MS,
    });
    let words = '';
    go.stderr.on('data', (chunk: Buffer) => (words = (words + chunk.toString()).slice(-2_000)));
    go.on('error', (error) => {
      const why = (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'Go is not installed' : error.message;
      reject(new Error(`it cannot be built: ${why}`, { cause: error }));
    });
    go.on('close', (code) => {
      if (code === 0) return resolve();
      const last = words.trim().split('\n').at(-1) ?? '';
      reject(new Error(`it cannot be built: go install ended with ${code}: ${last}`));
    });
  });
}
