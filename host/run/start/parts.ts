import { mkdirSync } from 'node:fs';
import { runsOwnGateway } from '../../config/derive.ts';
import type { Config } from '../../config/sections.ts';
import { devServerArgs } from '../../../temporal/server/dev-server-args.ts';
import { findTemporalBinary, recordVersion } from '../../../temporal/server/find-binary.ts';
import { dataFiles } from '../../backup/data-files.ts';
import type { ChildRegister } from '../../processes/leftovers.ts';
import { guardOrphan } from '../../processes/orphan-guard.ts';
import { supervise } from '../../processes/supervise.ts';
import type { Supervised } from '../../processes/supervise.ts';
import { makeChildLog } from './child-logs.ts';
import type { ChildLog } from './child-logs.ts';
import type { Reporter } from './reporter.ts';

/** What the parts of one machine are started with. */
export interface PartsOptions {
  config: Config;
  dataDir: string;
  cacheDir: string;
  cwd: string;
  env: NodeJS.ProcessEnv;
  /** How to run this CLI: command and first arguments. */
  self: readonly string[];
  debug: boolean;
  reporter: Reporter;
  register: ChildRegister;
}

/** A part that runs, with its log. */
export interface RunningPart {
  child: Supervised;
  log: ChildLog;
  /** How often it died so far. */
  deaths: () => number;
}

/** Starts the embedded Temporal server; null where a server is configured. */
export async function startTemporal(options: PartsOptions): Promise<RunningPart | null> {
  const { config, dataDir, env, reporter } = options;
  if (config.temporal.address !== '') return null;
  const temporalDir = dataFiles.temporalDir(dataDir);
  mkdirSync(temporalDir, { recursive: true, mode: 0o700 });
  const onProgress = (text: string): void => reporter.progress(text);
  const binary = await findTemporalBinary({ cacheDir: options.cacheDir, dataDir: temporalDir, env, onProgress });
  await recordVersion(temporalDir, binary.serverVersion);
  const args = devServerArgs({
    port: config.temporal.port,
    uiPort: config.temporal.ui_port,
    namespace: config.temporal.namespace,
    dbPath: dataFiles.temporalDatabase(dataDir),
    durability: config.storage.durability,
  });
  const line = guardOrphan({ command: binary.path, args });
  return run(options, { name: 'temporal', ...line, env, channel: false, shown: options.debug ? 'all' : 'none' });
}

/** Starts the gateway; null where `websocket_url` names another agent server. */
export function startGateway(options: PartsOptions): RunningPart | null {
  return runsOwnGateway(options.config) ? startRoles(options, 'gateway', 'gateway') : null;
}

/** Starts REST, the supervisor socket and a worker in one process. */
export function startApp(options: PartsOptions): RunningPart {
  return startRoles(options, 'app', 'api,worker');
}

function startRoles(options: PartsOptions, name: string, roles: string): RunningPart {
  const [command = process.execPath, ...first] = options.self;
  const args = [...first, 'serve', '--roles', roles, ...(options.debug ? ['--debug'] : [])];
  const env = { ...options.env, XSWARM_HOME: options.dataDir };
  return run(options, { name, command, args, env, channel: true, shown: options.debug ? 'all' : 'warnings' });
}

interface RunOptions {
  name: string;
  command: string;
  args: string[];
  env: NodeJS.ProcessEnv;
  channel: boolean;
  shown: 'all' | 'warnings' | 'none';
}

function run(options: PartsOptions, { shown, ...what }: RunOptions): RunningPart {
  const { reporter, register, dataDir } = options;
  const log = makeChildLog({ folder: dataFiles.logDir(dataDir), name: what.name, reporter, shown });
  let deaths = 0;
  const child = supervise({
    ...what,
    cwd: options.cwd,
    stopTimeoutMs: what.name === 'temporal' ? 2_000 : 3_500,
    onLine: log.onLine,
    onEvent: (event) => {
      log.onEvent(event);
      if (event.type === 'died') deaths = event.deaths;
      if (event.type !== 'started') return;
      register.note(what.name, event.pid).catch((error: unknown) => reporter.warn(`${what.name}: ${String(error)}`));
    },
  });
  return { child, log, deaths: () => deaths };
}
