import { mkdirSync } from 'node:fs';
import { loadConfig } from '../../host/config/load.ts';
import { makeLogger } from '../../host/logs/app-logger.ts';
import { loadSecrets } from '../../host/config/secrets.ts';
import type { Role } from '../../host/run/roles/part.ts';
import { serve } from '../../host/run/serve.ts';
import { listenForStop } from '../../host/processes/stop-signal.ts';
import { AlreadyRunning } from '../../host/processes/data-lock.ts';
import { PortUnavailable } from '../../host/processes/ports.ts';
import type { CliContext } from '../context.ts';

/** Runs parts in this process until it is asked to stop; returns 1 when a part failed. */
export async function runServe(context: CliContext, roles: Role[], debug: boolean): Promise<number> {
  const { config, file } = loadConfig(context);
  const { env, dataDir, version } = context;
  const logger = makeLogger(roles.join(','), debug ? 'debug' : (env.XSWARM_LOG_LEVEL ?? 'info'));
  if (file === null) logger.debug({}, 'no configuration file');
  else logger.info({ file }, `the configuration file is ${file}`);
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
    });
    return 0;
  } catch (error) {
    // What a person can correct is one sentence, and no record with a stack.
    if (error instanceof PortUnavailable || error instanceof AlreadyRunning) throw error;
    logger.fatal({ err: error }, 'cannot continue');
    return 1;
  } finally {
    stop.dispose();
  }
}
