import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test, type TestContext } from 'node:test';
import type { Logger } from '../../domain/logger.ts';
import { loadConfig } from '../../host/config/load.ts';
import { loadSecrets } from '../../host/config/secrets.ts';
import type { PartOptions } from '../../host/run/roles/part.ts';
import { serve } from '../../host/run/serve.ts';
import { devServerArgs, devServerEnvironment } from '../../temporal/server/dev-server-args.ts';
import { findTemporalBinary } from '../../temporal/server/find-binary.ts';
import { freePorts } from '../support/machine/free-ports.ts';
import { testCacheDir } from '../support/temporal/temporal-env.ts';
import { until } from '../support/until.ts';

const folder = mkdtempSync(join(tmpdir(), 'xswarm-failed-worker-'));
after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
const [rest = 0, supervisor = 0, gateway = 0, temporal = 0, ui = 0] = await freePorts(5);
const restUrl = `http://127.0.0.1:${rest}`;
const gatewayUrl = `http://127.0.0.1:${gateway}`;

interface Served extends PartOptions {
  /** The messages that were logged. */
  logged: string[];
  stop: AbortController;
}

function optionsOf(t: TestContext): Served {
  const dataDir = join(folder, t.name.replace(/\W+/g, '-').slice(0, 60));
  mkdirSync(dataDir);
  const env = {
    XSWARM_SERVER_PORT: String(rest),
    XSWARM_SUPERVISOR_PORT: String(supervisor),
    XSWARM_GATEWAY_PORT: String(gateway),
    XSWARM_GATEWAY_AGENT: 'simulator',
    XSWARM_TEMPORAL_PORT: String(temporal),
  };
  const { config } = loadConfig({ env, cwd: dataDir, dataDir });
  const stop = new AbortController();
  const logged: string[] = [];
  const note = (_: object, message: string): void => void logged.push(message);
  const logger: Logger = { debug() {}, info: note, warn: note, error: note };
  const secrets = loadSecrets(config, dataDir);
  return { config, dataDir, secrets, env, version: 'test', logger, signal: stop.signal, logged, stop };
}

async function startTemporal(): Promise<void> {
  const binary = await findTemporalBinary({
    cacheDir: testCacheDir(),
    dataDir: folder,
    env: process.env,
    onProgress: () => undefined,
  });
  const dbPath = join(folder, 'temporal.db');
  const args = devServerArgs({
    port: temporal,
    ui: { host: '127.0.0.1', port: ui },
    apiUrl: 'http://127.0.0.1:9',
    namespace: 'default',
    dbPath,
    durability: 'normal',
  });
  const child = spawn(binary.path, args, { env: devServerEnvironment(process.env), stdio: 'ignore' });
  after(() => child.kill('SIGKILL'));
}

async function listens(url: string): Promise<boolean> {
  return await fetch(`${url}/health`, { signal: AbortSignal.timeout(3_000) }).then(
    () => true,
    () => false,
  );
}

test('serve() waits for Temporal while it cannot be reached', async (t) => {
  const options = optionsOf(t);
  const serving = serve(['gateway', 'api', 'worker'], options);
  await until('the worker waits', () => options.logged.includes('waiting for Temporal'), {
    seen: () => options.logged,
  });
  assert.deepEqual([await listens(restUrl), await listens(gatewayUrl)], [true, true]);
  options.stop.abort();
  await serving;
});

test('serve() closes the API and the gateway and throws when the worker can never start', async (t) => {
  const options = optionsOf(t);
  const broken = new Error('the activities cannot be built');
  const serving = serve(['gateway', 'api', 'worker'], options, {
    activities: () => {
      throw broken;
    },
  });
  const ended = assert.rejects(serving, broken);
  await until('the worker waits', () => options.logged.includes('waiting for Temporal'), {
    seen: () => options.logged,
  });
  await startTemporal();
  await ended;
  assert.deepEqual([await listens(restUrl), await listens(gatewayUrl)], [false, false]);
  assert.equal(existsSync(join(options.dataDir, 'server.json')), false);
});
