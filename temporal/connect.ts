import {
  Client,
  Connection,
  defaultGrpcRetryOptions,
  type GrpcRetryOptions,
  makeGrpcRetryInterceptor,
} from '@temporalio/client';
import { type ClientConnectConfig, loadClientConnectConfig } from '@temporalio/envconfig';
import { NativeConnection } from '@temporalio/worker';
import type { TemporalSettings } from './settings.ts';

/** After an outage the next try comes at most a second later: a session waits for it. */
const CHANNEL_ARGS = { 'grpc.initial_reconnect_backoff_ms': 200, 'grpc.max_reconnect_backoff_ms': 1_000 };

/** A call that waits for Temporal to come back tries so often; the SDK's own pauses grow to seconds. */
const AWAY_PAUSE_MS = 400;
const GRPC_UNAVAILABLE = 14;
/** More than fit into the time limit of a call. */
const MOST_TRIES = 40;

function retryOptions(): GrpcRetryOptions {
  const { delayFunction, retryableDecider } = defaultGrpcRetryOptions({ maxAttempts: MOST_TRIES });
  return {
    retryableDecider,
    delayFunction(attempt, failure) {
      const pauseMs = delayFunction(attempt, failure);
      return Number(failure.code) === GRPC_UNAVAILABLE ? Math.min(pauseMs, AWAY_PAUSE_MS) : pauseMs;
    },
  };
}

/** TLS, API keys and the like come from Temporal's own environment variables and profile file. */
function connectionOptions({ address }: TemporalSettings): ClientConnectConfig['connectionOptions'] {
  const { connectionOptions: fromEnvironment } = loadClientConnectConfig();
  return { ...fromEnvironment, address };
}

/** A client for the api. Connects lazily, so that the api starts, and says it is not ready, while Temporal is away. */
export function makeTemporalClient(settings: TemporalSettings): Client {
  const interceptors = [makeGrpcRetryInterceptor(retryOptions())];
  const connection = Connection.lazy({ ...connectionOptions(settings), channelArgs: CHANNEL_ARGS, interceptors });
  return new Client({ connection, namespace: settings.namespace });
}

/** A connection for a worker; resolves once Temporal has answered. */
export async function connectWorker(settings: TemporalSettings): Promise<NativeConnection> {
  return await NativeConnection.connect(connectionOptions(settings));
}
