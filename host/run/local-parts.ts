import { mkdirSync } from 'node:fs';
import { dataFiles } from '../config/data-folder.ts';
import { runsOwnGateway, serverUrl } from '../config/derive.ts';
import type { Config } from '../config/sections.ts';
import { devServerArgs, devServerEnvironment } from '../../temporal/server/dev-server-args.ts';
import { findTemporalBinary, recordVersion } from '../../temporal/server/find-binary.ts';
import { LogFile } from '../logs/log-file.ts';
import { readLogLine } from '../logs/log-line.ts';
import type { ChildRegister } from '../processes/child-register.ts';
import { guardOrphan, ProcessKeeper, type ProcessEvent } from '../processes/process-keeper.ts';
import { pageUrl } from './next-steps.ts';
import type { Reporter } from './reporter.ts';
import type { UiGuard } from './ui-guard.ts';

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

/** A part of `start`: a process that is kept running, with its log. */
export interface LocalPart {
  process: ProcessKeeper;
  log: PartLog;
}

/** Starts the embedded Temporal server, with its Web UI at `ui`. */
export async function startTemporal(options: PartsOptions, ui: UiGuard['target']): Promise<LocalPart> {
  const { config, dataDir, env, reporter } = options;
  const temporalDir = dataFiles.temporalDir(dataDir);
  mkdirSync(temporalDir, { recursive: true, mode: 0o700 });
  const onProgress = (text: string): void => reporter.progress(text);
  const binary = await findTemporalBinary({ cacheDir: options.cacheDir, dataDir: temporalDir, env, onProgress });
  await recordVersion(temporalDir, binary.serverVersion);
  const args = devServerArgs({
    port: config.temporal.port,
    ui,
    apiUrl: config.server.auth === 'token' ? pageUrl(config) : serverUrl(config),
    namespace: config.temporal.namespace,
    dbPath: dataFiles.temporalDatabase(dataDir),
    durability: config.storage.durability,
  });
  const line = guardOrphan({ command: binary.path, args });
  return keep(options, {
    name: 'temporal',
    ...line,
    env: devServerEnvironment(env),
    channel: false,
    shown: options.debug ? 'all' : 'none',
  });
}

/** Starts the gateway; returns null where `websocket_url` names another agent server. */
export function startGateway(options: PartsOptions): LocalPart | null {
  return runsOwnGateway(options.config) ? startRoles(options, 'gateway', 'gateway') : null;
}

/** Starts the app: REST, the supervisor socket and a worker in one process. */
export function startApp(options: PartsOptions): LocalPart {
  return startRoles(options, 'app', 'api,worker');
}

function startRoles(options: PartsOptions, name: string, roles: string): LocalPart {
  const [command = process.execPath, ...first] = options.self;
  const args = [...first, 'serve', '--roles', roles, ...(options.debug ? ['--debug'] : [])];
  const env = { ...options.env, XSWARM_HOME: options.dataDir };
  return keep(options, { name, command, args, env, channel: true, shown: options.debug ? 'all' : 'warnings' });
}

interface KeepOptions {
  name: string;
  command: string;
  args: string[];
  env: NodeJS.ProcessEnv;
  channel: boolean;
  shown: PartLogOptions['shown'];
}

function keep(options: PartsOptions, { shown, ...what }: KeepOptions): LocalPart {
  const { reporter, register, dataDir } = options;
  const log = new PartLog({ folder: dataFiles.logDir(dataDir), name: what.name, reporter, shown });
  const kept = new ProcessKeeper({
    ...what,
    cwd: options.cwd,
    stopTimeoutMs: what.name === 'temporal' ? 2_000 : 3_500,
    onLine: (line) => log.onLine(line),
    onEvent: (event) => {
      log.onEvent(event);
      if (event.type !== 'started') return;
      register.note(what.name, event.pid).catch((error: unknown) => reporter.warn(`${what.name}: ${String(error)}`));
    },
  });
  return { process: kept, log };
}

/** How much of a part's log a person sees. */
export interface PartLogOptions {
  folder: string;
  name: string;
  reporter: Reporter;
  /** `all` with --debug; `warnings` for our own parts; `none` for parts whose warnings mean nothing to people. */
  shown: 'all' | 'warnings' | 'none';
}

const MOST_SHOWN_A_MINUTE = 20;

/** Writes everything that a part prints to a file, and shows what matters in words. */
export class PartLog {
  readonly #file: LogFile;
  readonly #options: PartLogOptions;
  #lastWords = '';
  #shownThisMinute = 0;
  #minute = 0;

  constructor(options: PartLogOptions) {
    this.#options = options;
    this.#file = new LogFile(options.folder, options.name);
  }

  get path(): string {
    return this.#file.path;
  }

  /** The last warning, error or plain line: the reason of a death. */
  get lastWords(): string {
    return this.#lastWords;
  }

  onLine(line: string): void {
    const { name, reporter, shown } = this.#options;
    this.#file.write(line);
    const { level, words } = readLogLine(line);
    const matters = level === 'warning' || level === 'error';
    // A plain line is what a process prints when it cannot go on; an indented one is a stack frame.
    if (matters || (level === 'text' && /^\S/.test(words))) this.#lastWords = words.trim();
    if (shown === 'all') reporter.say(`${name}: ${words}`);
    else if (shown === 'warnings' && matters) this.#show(words);
  }

  onEvent(event: ProcessEvent): void {
    const { name, reporter } = this.#options;
    this.#file.write(JSON.stringify({ level: 30, time: Date.now(), process: event }));
    reporter.event({ ...event, type: `part_${event.type}`, part: name });
    if (event.type !== 'died') return;
    const reason = this.#lastWords === '' ? '' : `: ${this.#lastWords}`;
    this.#show(`stopped by itself (${event.how})${reason}; it is started again in ${event.restartInMs / 1000} s`);
  }

  close(): void {
    this.#file.close();
  }

  #show(text: string): void {
    const { name, reporter } = this.#options;
    const minute = Math.floor(performance.now() / 60_000);
    if (minute !== this.#minute) this.#shownThisMinute = 0;
    this.#minute = minute;
    this.#shownThisMinute += 1;
    if (this.#shownThisMinute <= MOST_SHOWN_A_MINUTE) reporter.warn(`${name}: ${text}`);
    if (this.#shownThisMinute === MOST_SHOWN_A_MINUTE) reporter.warn(`${name}: more is in ${this.path}`);
  }
}
