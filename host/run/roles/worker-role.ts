import { type NativeConnection, TransportError } from '@temporalio/worker';
import type { Mirror } from '../../../domain/mirror/mirror-write.ts';
import { RemoteMirror } from '../../../protocol/mirror-http.ts';
import { connectWorker } from '../../../temporal/connect.ts';
import type { KeyRing } from '../../../temporal/payloads/key-ring.ts';
import type { TemporalSettings } from '../../../temporal/settings.ts';
import { startWorker, type RunningWorker } from '../../../worker/worker.ts';
import { requirePayloadKeys } from '../../config/payload-keys.ts';
import { retryUntil } from './retry-until.ts';
import { NEVER, temporalSettings, type Part, type PartOptions, type Wrappers } from './part.ts';

const RETRY_MS = 300;

/**
 * Starts a worker as soon as Temporal, and for a worker of its own the API, can be reached; it survives their outages. Any other
 * error of the start is permanent and fails the part.
 */
export function startWorkerRole(options: PartOptions, mirror: Mirror, wrap: Wrappers): Part {
  const { config, dataDir, secrets, signal } = options;
  const settings = temporalSettings(config);
  const ring = requirePayloadKeys(config, dataDir);
  const starting = (async () => {
    if (mirror instanceof RemoteMirror) await agreeOnKeys(mirror, ring, options);
    return await startWorker({
      connection: await connectWhenReachable(settings, options),
      namespace: settings.namespace,
      ring,
      mirror,
      gateway: {
        url: config.claude_code.websocket_url,
        token: secrets.gatewayToken,
        turnLimitSeconds: config.gateway.turn_limit_seconds,
      },
      around: wrap.activities,
    });
  })();
  return new WorkerRole(settings.address, starting, signal);
}

/** Waits for the API and compares the keys: a worker that lacks one would take what the API wrote for forged, and drop it. */
async function agreeOnKeys(mirror: RemoteMirror, ring: KeyRing, { signal, logger }: PartOptions): Promise<void> {
  const ids = await retryUntil(() => mirror.payloadKeyIds(), {
    signal,
    everyMs: RETRY_MS,
    onFailure: (error) => logger.warn({ reason: error.message }, 'waiting for the API'),
  });
  const missing = ids.filter((id) => ring.find(id) === null);
  if (missing.length === 0) return;
  throw new Error(
    `Payload keys of the API are missing here: ${missing.join(', ')}; set [temporal] payload_keys to all of its keys`,
  );
}

function connectWhenReachable(settings: TemporalSettings, options: PartOptions): Promise<NativeConnection> {
  return retryUntil(() => connectWorker(settings), {
    signal: options.signal,
    everyMs: RETRY_MS,
    isTransient: (error) => error instanceof TransportError,
    onFailure: (error) =>
      options.logger.warn({ address: settings.address, reason: error.message }, 'waiting for Temporal'),
  });
}

class WorkerRole implements Part {
  readonly name = 'worker';
  readonly address: string;
  readonly failed: Promise<never>;
  readonly #starting: Promise<RunningWorker>;

  constructor(address: string, starting: Promise<RunningWorker>, signal: AbortSignal) {
    this.address = address;
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

/** Rejects with why the worker cannot start or has stopped; never after `signal` aborted. */
async function failureOf(starting: Promise<RunningWorker>, signal: AbortSignal): Promise<never> {
  try {
    const worker = await starting;
    await worker.done;
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  if (!signal.aborted) throw new Error('The worker stopped by itself');
  return await NEVER;
}
