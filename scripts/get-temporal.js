// Finds, downloads or builds the Temporal server into the cache, and prints where it is.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import envPaths from 'env-paths';
import { cacheDirOf } from '../dist/host/config/data-folder.js';
import { findTemporalBinary } from '../dist/temporal/server/find-binary.js';

const dataDir = mkdtempSync(join(tmpdir(), 'xswarm-temporal-'));
try {
  const { path, serverVersion } = await findTemporalBinary({
    cacheDir: cacheDirOf(process.env, envPaths('xswarm', { suffix: '' }).cache),
    dataDir,
    env: process.env,
    onProgress: (text) => process.stderr.write(`${text}\n`),
  });
  process.stdout.write(`Temporal server ${serverVersion}: ${path}\n`);
} finally {
  rmSync(dataDir, { recursive: true, force: true });
}
