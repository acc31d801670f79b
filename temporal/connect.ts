import { setTimeout as sleep } from 'node:timers/promises';
import {
  Client,
  Connection,
  defaultGrpcRetryOptions,
  type GrpcRetryOptions,
  makeGrpcRetryInterceptor,
} from '@temporalio/client';
import { type ClientConnectConfig, loadClientConnectConfig } from '@temporalio/envconfig';
import { NativeConnection } from '@temporalio/worker';
import { clientConverter } from './payloads/data-converter.ts';
import type { KeyRing } from './payloads/key-ring.ts';
import type { TemporalSettings } from './settings.ts';

/** After an outage the next try comes at most a second later: a session waits for it. */
const CHANNEL_ARGS = { 'grpc.initial_reconnect_backoff_ms': 200, 'grpc.max_reconnect_backoff_ms': 1_000 };

/** A call that waits for Temporal to come back tries so often; the SDK's own pauses grow to seconds. */
const AWAY_PAUSE_MS = 400;
const GRPC_UNAVAILABLE = 14;
/** More than fit into the time limit of a call. */
const MOST_TRIES = 40;

/** The repetitions of calls over one connection. */
class Retries {
  readonly options: GrpcRetryOptions;
  #closing = false;
  #nextAt = 0;

  constructor() {
    const { delayFunction, retryableDecider } = defaultGrpcRetryOptions({ maxAttempts: MOST_TRIES });
    this.options = {
      retryableDecider: (attempt, failure) => !this.#closing && retryableDecider(attempt, failure),
      delayFunction: (attempt, failure) => {
        const ownMs = delayFunction(attempt, failure);
        const pauseMs = Number(failure.code) === GRPC_UNAVAILABLE ? Math.min(ownMs, AWAY_PAUSE_MS) : ownMs;
        this.#nextAt = Math.max(this.#nextAt, performance.now() + pauseMs);
        return pauseMs;
      },
    };
  }

  /** Begins no further try, and resolves when the last one that is due has begun. */
  async end(): Promise<void> {
    this.#closing = true;
    const leftMs = this.#nextAt - performance.now();
    if (leftMs > 0) await sleep(leftMs + 1);
  }
}

/** TLS, API keys and the like come from Temporal's own environment variables and profile file. */
function connectionOptions({ address }: TemporalSettings): ClientConnectConfig['connectionOptions'] {
  const { connectionOptions: fromEnvironment } = loadClientConnectConfig();
  return { ...fromEnvironment, address };
}

/** A client of the api, and the end of its connection. */
export interface ApiClient {
  client: Client;
  close(): Promise<void>;
}

/** A client for the api. Connects lazily, so that the api starts, and says it is not ready, while Temporal is away. */
export function makeTemporalClient(settings: TemporalSettings, ring: KeyRing): ApiClient {
  const retries = new Retries();
  const interceptors = [makeGrpcRetryInterceptor(retries.options)];
  const connection = Connection.lazy({ ...connectionOptions(settings), channelArgs: CHANNEL_ARGS, interceptors });
  const client = new Client({ connection, namespace: settings.namespace, dataConverter: clientConverter(ring) });
  return {
    client,
    async close() {
      // The SDK repeats a call from a timer, which throws where nobody can catch it once the connection is closed.
      await retries.end();
      await connection.close();
    },
  };
}

/** A connection for a worker; resolves once Temporal has answered. */
export async function connectWorker(settings: TemporalSettings): Promise<NativeConnection> {
  return await NativeConnection.connect(connectionOptions(settings));
}
