export interface DevServerOptions {
  port: number;
  uiPort: number;
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

/** The command line of the embedded Temporal server: persistent, on loopback, with its Web UI. */
export function devServerArgs(options: DevServerOptions): string[] {
  return [
    'server',
    'start-dev',
    ...['--ip', '127.0.0.1'],
    ...['--port', String(options.port)],
    ...['--ui-port', String(options.uiPort)],
    ...['--namespace', options.namespace],
    ...['--db-filename', options.dbPath],
    ...['--log-format', 'json'],
    ...['--log-level', 'warn'],
    ...['--sqlite-pragma', 'journal_mode=WAL'],
    ...['--sqlite-pragma', `synchronous=${options.durability.toUpperCase()}`],
    ...tuningArgs(),
  ];
}

/** The part of the command line that makes the server fast; tests start theirs with it too. */
export function tuningArgs(): string[] {
  return Object.entries(DYNAMIC_CONFIG).flatMap(([key, value]) => ['--dynamic-config-value', `${key}=${value}`]);
}
