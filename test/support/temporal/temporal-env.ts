import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defineSearchAttributeKey } from '@temporalio/common';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { DefaultLogger, type LogEntry, Runtime } from '@temporalio/worker';
import envPaths from 'env-paths';
import { cacheDirOf } from '../../../host/config/data-folder.ts';
import { clientConverter } from '../../../temporal/payloads/data-converter.ts';
import { KeyRing } from '../../../temporal/payloads/key-ring.ts';
import { tuningArgs } from '../../../temporal/server/dev-server-args.ts';
import { findTemporalBinary } from '../../../temporal/server/find-binary.ts';
import { searchAttributes } from '../../../workflows/definitions.ts';

/** The secret of the key that tests encrypt with; saved histories are replayed with it. */
export const TEST_SECRET = '7e'.repeat(32);

export interface TemporalEnv {
  env: TestWorkflowEnvironment;
  /** The keys of its client; a worker needs them too. */
  ring: KeyRing;
  /** Stops the server and removes its file. */
  stop(): Promise<void>;
}

/** Where tests find the Temporal binary: the same cache as the product's. */
export function testCacheDir(): string {
  return cacheDirOf(process.env, envPaths('xswarm', { suffix: '' }).cache);
}

/** A real Temporal server on a free port, with its database in a temporary folder. `onWarning` receives what workers warn of. */
export async function startTemporalEnv(onWarning?: (entry: LogEntry) => void): Promise<TemporalEnv> {
  const logger = onWarning === undefined ? new DefaultLogger('ERROR') : new DefaultLogger('WARN', onWarning);
  Runtime.install({ logger, shutdownSignals: [] });
  const folder = await mkdtemp(join(tmpdir(), 'xswarm-temporal-'));
  const { path } = await findTemporalBinary({
    cacheDir: testCacheDir(),
    dataDir: folder,
    env: process.env,
    onProgress: (text) => process.stderr.write(`${text}\n`),
  });
  const ring = new KeyRing(`1700000000.${TEST_SECRET}`);
  const env = await TestWorkflowEnvironment.createLocal({
    client: { dataConverter: clientConverter(ring) },
    server: {
      executable: { type: 'existing-path', path },
      dbFilename: join(folder, 'temporal.db'),
      log: { format: 'pretty', level: 'error' },
      searchAttributes: Object.values(searchAttributes).map(({ name, type }) => defineSearchAttributeKey(name, type)),
      extraArgs: [...tuningArgs(), '--sqlite-pragma', 'journal_mode=WAL', '--sqlite-pragma', 'synchronous=NORMAL'],
    },
  });
  return {
    env,
    ring,
    async stop() {
      await env.teardown();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
