import { mkdirSync } from 'node:fs';
import { loadConfig } from '../host/config/load.ts';
import { makeLogger } from '../host/logs/app-logger.ts';
import { readFaultPoint } from '../host/run/fault-points.ts';
import { loadSecrets } from '../host/run/load-secrets.ts';
import type { Role } from '../host/run/roles/part.ts';
import { serve } from '../host/run/serve.ts';
import { listenForStop } from '../host/processes/stop-signal.ts';
import type { CliContext } from './context.ts';

/** Runs parts in this process until it is asked to stop; gives 1 when a part could not go on. */
export async function runServe(context: CliContext, roles: Role[], debug: boolean): Promise<number> {
  const { config } = loadConfig(context);
  const { env, dataDir, version } = context;
  const logger = makeLogger(roles.join(','), debug ? 'debug' : (env.XSWARM_LOG_LEVEL ?? 'info'));
  const secrets = loadSecrets(config, dataDir, roles.includes('gateway') || undefined);
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const stop = listenForStop(env);
  try {
    await serve(roles, {
      config,
      dataDir,
      secrets,
      env,
      version,
      logger,
      signal: stop.asked,
      reach: readFaultPoint(env),
    });
    return 0;
  } catch (error) {
    logger.fatal({ err: error }, 'cannot go on');
    return 1;
  } finally {
    stop.dispose();
  }
}
