import { ClaudeCodeConnector } from '../client/connector.ts';
import type { CliContext } from './context.ts';

/** Makes a connector to `XSWARM_URL`, else to the configured server. A server that does not run is told at once. */
export async function connectorOf(context: CliContext): Promise<ClaudeCodeConnector> {
  const url = await serverUrlOf(context);
  return new ClaudeCodeConnector({ url, token: notEmpty(context.env.XSWARM_TOKEN), retryRefused: false });
}

/** Tells where the server is: `XSWARM_URL`, else what the configuration names. */
export async function serverUrlOf({ env, cwd, dataDir }: CliContext): Promise<string> {
  const url = notEmpty(env.XSWARM_URL) ?? (await configuredUrl({ env, cwd, dataDir }));
  return url.replace(/\/+$/, '');
}

async function configuredUrl(places: Pick<CliContext, 'env' | 'cwd' | 'dataDir'>): Promise<string> {
  const [{ loadConfig }, { serverUrl }] = await Promise.all([
    import('../host/config/load.ts'),
    import('../host/config/derive.ts'),
  ]);
  return serverUrl(loadConfig(places).config);
}

/** An environment variable's text, or undefined where it is not set or empty. */
export function notEmpty(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}
