import { Client, Connection } from '@temporalio/client';
import { type ClientConnectConfig, loadClientConnectConfig } from '@temporalio/envconfig';
import { NativeConnection } from '@temporalio/worker';
import type { TemporalSettings } from './settings.ts';

/** After an outage the next try comes at most a second later: a session waits for it. */
const CHANNEL_ARGS = { 'grpc.initial_reconnect_backoff_ms': 200, 'grpc.max_reconnect_backoff_ms': 1_000 };

/** TLS, API keys and the like come from Temporal's own environment variables and profile file. */
function connectionOptions({ address }: TemporalSettings): ClientConnectConfig['connectionOptions'] {
  const { connectionOptions: fromEnvironment } = loadClientConnectConfig();
  return { ...fromEnvironment, address };
}

/** A client for the api. Connects lazily, so that the api starts, and says it is not ready, while Temporal is away. */
export function makeTemporalClient(settings: TemporalSettings): Client {
  const connection = Connection.lazy({ ...connectionOptions(settings), channelArgs: CHANNEL_ARGS });
  return new Client({ connection, namespace: settings.namespace });
}

/** A connection for a worker; resolves once Temporal has answered. */
export async function connectWorker(settings: TemporalSettings): Promise<NativeConnection> {
  return await NativeConnection.connect(connectionOptions(settings));
}
