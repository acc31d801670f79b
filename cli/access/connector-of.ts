import { ClaudeCodeConnector } from '../../client/connector.ts';
import { runningServerUrl } from '../../client/server-file.ts';
import type { CliContext } from '../context.ts';

/** Makes a connector to the server that `serverUrlOf` finds. A server that does not run is reported at once. */
export async function connectorOf(context: CliContext): Promise<ClaudeCodeConnector> {
  const url = await serverUrlOf(context);
  return new ClaudeCodeConnector({ url, token: notEmpty(context.env.XSWARM_TOKEN), retryRefused: false });
}

/**
 * Finds the server: `XSWARM_URL`, else `XSWARM_SERVER_…` variables, else the server that runs on the data folder, else
 * what the configuration file says.
 */
export async function serverUrlOf({ env, cwd, dataDir }: CliContext): Promise<string> {
  const named = notEmpty(env.XSWARM_URL);
  if (named !== undefined) return named.replace(/\/+$/, '');
  const [{ loadClientConfig }, { serverUrl }] = await Promise.all([
    import('../../host/config/load.ts'),
    import('../../host/config/derive.ts'),
  ]);
  const { config, origins } = loadClientConfig({ env, cwd, dataDir });
  const isSetByVariable = ADDRESS_KEYS.some((key) => origins[key]?.from === 'variable');
  return (isSetByVariable ? null : runningServerUrl(dataDir)) ?? serverUrl(config);
}

const ADDRESS_KEYS = ['server.url', 'server.host', 'server.port'];

/** An environment variable's text, or undefined where it is not set or empty. */
export function notEmpty(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}
