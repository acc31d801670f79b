import type { Mirror } from '../../../domain/mirror/mirror-write.ts';
import { connectWorker } from '../../../temporal/connect.ts';
import type { TemporalSettings } from '../../../temporal/settings.ts';
import { startWorker, type RunningWorker } from '../../../worker/worker.ts';
import { retryUntil } from './retry-until.ts';
import { NEVER, temporalSettings, type Part, type PartOptions, type Wrappers } from './part.ts';

const RETRY_MS = 300;

/** Starts a worker as soon as Temporal can be reached. A worker survives an outage of Temporal. */
export function startWorkerRole(options: PartOptions, mirror: Mirror, wrap: Wrappers): Part {
  const { config, secrets, logger, signal } = options;
  const settings = temporalSettings(config);
  const starting = retryUntil(
    async () => {
      const connection = await connectWorker(settings);
      return await startWorker({
        connection,
        namespace: settings.namespace,
        mirror,
        gateway: {
          url: config.claude_code.websocket_url,
          token: secrets.gatewayToken,
          turnLimitSeconds: config.gateway.turn_limit_seconds,
        },
        around: wrap.activities,
      });
    },
    {
      signal,
      everyMs: RETRY_MS,
      onFailure: (error) => logger.warn({ address: settings.address, reason: error.message }, 'waiting for Temporal'),
    },
  );
  return new WorkerRole(settings, starting, signal);
}

class WorkerRole implements Part {
  readonly name = 'worker';
  readonly address: string;
  readonly failed: Promise<never>;
  readonly #starting: Promise<RunningWorker>;

  constructor(settings: TemporalSettings, starting: Promise<RunningWorker>, signal: AbortSignal) {
    this.address = settings.address;
    this.#starting = starting;
    this.failed = failureOf(starting, signal);
    this.failed.catch(() => undefined);
  }

  /** Stops the worker; its failure was reported by `failed`. */
  async close(): Promise<void> {
    const worker = await this.#starting.catch(() => null);
    await worker?.stop().catch(() => undefined);
  }
}

async function failureOf(starting: Promise<RunningWorker>, signal: AbortSignal): Promise<never> {
  const worker = await starting;
  await worker.done;
  if (!signal.aborted) throw new Error('The worker stopped by itself');
  return await NEVER;
}
