/* eslint-disable @typescript-eslint/consistent-type-imports -- the built modules have the types of their sources */
// A process of the product with crash points: `part-main.ts <roles>`. `CRASH_POINT=<name>:<n>` is where it kills itself.
import { NEXT_RUN } from '../../workflows/definitions.ts';
import type { Logger } from '../../domain/logger.ts';
import type { Role } from '../../host/run/roles/part.ts';
import { crashAt, markCalls, markDriver, markJournal } from './crash-points.ts';

// The built product, as people run it: only there is the workflow bundle.
const built = (path: string): string => new URL(`../../dist/host/${path}.js`, import.meta.url).href;
const { loadConfig } = (await import(built('config/load'))) as typeof import('../../host/config/load.ts');
const { loadSecrets } = (await import(built('config/secrets'))) as typeof import('../../host/config/secrets.ts');
const { makeLogger } = (await import(built('logs/app-logger'))) as typeof import('../../host/logs/app-logger.ts');
const { listenForStop } = (await import(
  built('processes/stop-signal')
)) as typeof import('../../host/processes/stop-signal.ts');
const { serve } = (await import(built('run/serve'))) as typeof import('../../host/run/serve.ts');

const { env } = process;
const roles = (process.argv[2] ?? '').split(',') as Role[];
const dataDir = env.XSWARM_HOME ?? '';
const reach = crashAt(env.CRASH_POINT);
const { config } = loadConfig({ env, cwd: process.cwd(), dataDir });
const log = makeLogger(roles.join(','), 'info');
const logger: Logger = {
  debug(fields, message) {
    // The workflow logs this before its next run is sent to Temporal.
    if (message === NEXT_RUN) reach('workflow.next_run');
    log.debug(fields, message);
  },
  info: (fields, message) => log.info(fields, message),
  warn: (fields, message) => log.warn(fields, message),
  error: (fields, message) => log.error(fields, message),
};
const stop = listenForStop(env);
const secrets = loadSecrets(config, dataDir, roles.includes('gateway') || undefined);
const options = { config, dataDir, secrets, env, version: 'faults', logger, signal: stop.asked };
await serve(roles, options, {
  mirror: (mirror) => markCalls('mirror', mirror, reach),
  workflows: (workflows) => markCalls('workflows', workflows, reach),
  activities: (activities) => markCalls('activities', activities, reach),
  driver: (driver) => markDriver(driver, reach),
  journal: (journal) => markJournal(journal, reach),
  budgetEvents: env.CRASH_BUDGET_EVENTS === undefined ? undefined : Number(env.CRASH_BUDGET_EVENTS),
});
process.exit(0);
