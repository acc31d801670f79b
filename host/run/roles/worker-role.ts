import type { Mirror } from '../../../domain/mirror-write.ts';
import { connectWorker } from '../../../temporal/connect.ts';
import { startWorker } from '../../../worker/worker.ts';
import { markCalls } from '../fault-points.ts';
import { retryUntil } from '../retry-until.ts';
import { temporalSettings, type Part, type PartOptions } from './part.ts';

const RETRY_MS = 300;

/** Starts a worker as soon as Temporal answers; it stays when Temporal goes away, and goes on when it is back. */
export async function startWorkerRole(options: PartOptions, mirror: Mirror): Promise<Part> {
  const { config, secrets, logger, signal } = options;
  const settings = temporalSettings(config);
  const starting = retryUntil(
    async () => {
      const connection = await connectWorker(settings);
      return await startWorker({
        connection,
        namespace: settings.namespace,
        mirror,
        gateway: { url: config.claude_code.websocket_url, token: secrets.gatewayToken },
        around: (activities) => markCalls('activities', activities, options.reach),
      });
    },
    {
      signal,
      everyMs: RETRY_MS,
      onFailure: (error) => logger.warn({ address: settings.address, reason: error.message }, 'waiting for Temporal'),
    },
  );
  const failed = starting.then(async (worker) => {
    await worker.done;
    if (!signal.aborted) throw new Error('The worker stopped by itself');
    return await new Promise<never>(() => undefined);
  });
  failed.catch(() => undefined);
  return {
    name: 'worker',
    address: settings.address,
    failed,
    async close() {
      const worker = await starting.catch(() => null);
      await worker?.stop();
    },
  };
}
