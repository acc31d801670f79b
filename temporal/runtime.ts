import { makeTelemetryFilterString, Runtime } from '@temporalio/worker';
import type { Logger } from 'pino';

/**
 * Sends the logs of Temporal's SDK to ours, and leaves signals to the process. Once a process, before anything else.
 * `onDebug` hears each debug message before what it tells of is sent to Temporal.
 */
export function installTemporalRuntime(logger: Logger, onDebug?: (message: string) => void): void {
  const debug = (message: string, meta?: object): void => {
    onDebug?.(message);
    logger.debug({ ...meta }, message);
  };
  Runtime.install({
    shutdownSignals: [],
    logger: {
      log: (level, message, meta) =>
        levelOf(level) === 'debug' ? debug(message, meta) : logger[levelOf(level)]({ ...meta }, message),
      trace: (message, meta) => logger.trace({ ...meta }, message),
      debug,
      info: (message, meta) => logger.info({ ...meta }, message),
      warn: (message, meta) => logger.warn({ ...meta }, message),
      error: (message, meta) => logger.error({ ...meta }, message),
    },
    telemetryOptions: {
      logging: { forward: {}, filter: makeTelemetryFilterString({ core: 'ERROR', other: 'ERROR' }) },
    },
  });
}

function levelOf(level: string): 'trace' | 'debug' | 'info' | 'warn' | 'error' {
  const name = level.toLowerCase();
  if (name === 'trace' || name === 'debug' || name === 'warn' || name === 'error') return name;
  return 'info';
}
