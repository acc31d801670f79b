/** Where the API decrypts payloads for the Web UI, which appends `/decode`. */
export const CODEC_PATH = '/temporal/codec';

export interface DevServerOptions {
  port: number;
  /** Where the Web UI listens: it has no login and checks neither host name nor origin. */
  ui: { host: string; port: number };
  /** Address of the API, which decrypts payloads for the Web UI. */
  apiUrl: string;
  namespace: string;
  dbPath: string;
  /** `full` syncs every commit to the disk; `normal` may lose the last commits in a power cut. */
  durability: 'full' | 'normal';
}

/**
 * Settings that were measured on the server's one SQLite connection and one shard. Without the poll rates a busy
 * session waits in steps of 50 ms; without eager activities and with four partitions each message takes a hop more.
 */
const DYNAMIC_CONFIG = {
  'frontend.enableServerVersionCheck': false,
  'history.timerProcessorMaxPollRPS': 1000,
  'history.transferProcessorMaxPollHostRPS': 1000,
  'history.transferProcessorMaxPollRPS': 1000,
  'matching.numTaskqueueReadPartitions': 1,
  'matching.numTaskqueueWritePartitions': 1,
  'system.enableActivityEagerExecution': true,
};

/**
 * The server's HTTP API has no login, and a web page can post to it. It serves only requests for this host name, which
 * can never resolve (RFC 6761), so that it serves nobody. gRPC and the Web UI do not depend on it.
 */
const CLOSED_HTTP_API = { 'frontend.httpAllowedHosts': ['k3.invalid'] };

/** The command line of the embedded Temporal server: persistent, on loopback, with its Web UI. */
export function devServerArgs(options: DevServerOptions): string[] {
  return [
    'server',
    'start-dev',
    ...['--ip', '127.0.0.1'],
    ...['--port', String(options.port)],
    ...['--ui-ip', options.ui.host],
    ...['--ui-port', String(options.ui.port)],
    ...['--ui-codec-endpoint', `${options.apiUrl}${CODEC_PATH}`],
    ...['--namespace', options.namespace],
    ...['--db-filename', options.dbPath],
    ...['--log-format', 'json'],
    ...['--log-level', 'warn'],
    ...['--sqlite-pragma', 'journal_mode=WAL'],
    ...['--sqlite-pragma', `synchronous=${options.durability.toUpperCase()}`],
    ...tuningArgs(),
  ];
}

/** The dynamic configuration: what makes the server fast and closes its HTTP API. Tests start their server with it too. */
export function tuningArgs(): string[] {
  return Object.entries({ ...DYNAMIC_CONFIG, ...CLOSED_HTTP_API }).flatMap(([key, value]) => [
    '--dynamic-config-value',
    `${key}=${JSON.stringify(value)}`,
  ]);
}

/** What Temporal and the Go runtime read, and what a process needs on each platform. It never gets a key or a token. */
const ENVIRONMENT = ['PATH', 'HOME', 'TMPDIR', 'TZ', 'LANG', 'GOGC', 'GOMAXPROCS', 'GOMEMLIMIT', 'SystemRoot', 'TEMP'];

/** The part of the environment that the embedded server is started with. */
export function devServerEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(ENVIRONMENT.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]])));
}
