import { makeTelemetryFilterString, Runtime } from '@temporalio/worker';
import type { Logger } from '../domain/logger.ts';

/**
 * Sends the logs of Temporal's SDK to ours, and leaves signals to the process. Once a process, before anything else.
 */
export function installTemporalRuntime(logger: Logger): void {
  Runtime.install({
    shutdownSignals: [],
    logger: {
      log: (level, message, meta) => logger[levelOf(level)]({ ...meta }, message),
      trace: (message, meta) => logger.debug({ ...meta }, message),
      debug: (message, meta) => logger.debug({ ...meta }, message),
      info: (message, meta) => logger.info({ ...meta }, message),
      warn: (message, meta) => logger.warn({ ...meta }, message),
      error: (message, meta) => logger.error({ ...meta }, message),
    },
    telemetryOptions: {
      logging: { forward: {}, filter: makeTelemetryFilterString({ core: 'ERROR', other: 'ERROR' }) },
    },
  });
}

function levelOf(level: string): 'debug' | 'info' | 'warn' | 'error' {
  const name = level.toLowerCase();
  if (name === 'debug' || name === 'warn' || name === 'error') return name;
  return name === 'trace' ? 'debug' : 'info';
}
