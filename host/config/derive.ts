import { isLoopbackHost } from '../../protocol/http-access.ts';
import type { LoadedConfig } from './load.ts';
import type { Config } from './sections.ts';

/** Points `websocket_url` at our own gateway when only the gateway's port was changed. */
export function followGateway({ config, origins }: LoadedConfig): void {
  if (origins['claude_code.websocket_url']?.from !== 'default') return;
  if (origins['gateway.port']?.from === 'default') return;
  config.claude_code.websocket_url = `ws://localhost:${config.gateway.port}`;
  origins['claude_code.websocket_url'] = { from: 'key', path: 'gateway.port' };
}

/** Makes the supervisor listen where `supervisor.url` says clients will look, as far as that is this machine. */
export function followSupervisorUrl({ config, origins }: LoadedConfig): void {
  if (config.supervisor.url === '' || !URL.canParse(config.supervisor.url)) return;
  const url = new URL(config.supervisor.url);
  if (!isLoopbackHost(url.hostname)) return;
  if (origins['supervisor.port']?.from === 'default' && url.port !== '') {
    config.supervisor.port = Number(url.port);
    origins['supervisor.port'] = { from: 'key', path: 'supervisor.url' };
  }
  // `localhost` may mean ::1 or 127.0.0.1; a literal address is taken as it is.
  if (origins['supervisor.host']?.from === 'default' && url.hostname !== 'localhost') {
    config.supervisor.host = url.hostname.replace(/^\[|\]$/g, '');
    origins['supervisor.host'] = { from: 'key', path: 'supervisor.url' };
  }
}

/** Reports what is wrong when calls without a token could come from other machines. */
export function refuseOpenLocal({ config }: LoadedConfig): string[] {
  if (config.server.auth !== 'local' || isLoopbackHost(config.server.host)) return [];
  return [
    `[server] host = ${JSON.stringify(config.server.host)} with auth = "local" would let anyone in: ` +
      'set auth = "token" (XSWARM_SERVER_AUTH=token) or host = "127.0.0.1"',
  ];
}

/** Whether sessions may work in any folder: only where whoever calls is at this machine anyway. */
export function allowsAnyFolder({ server, claude_code }: Config): boolean {
  return server.auth === 'local' && claude_code.project_roots.length === 0;
}

/** Whether `websocket_url` names our gateway on this machine, so that `start` runs it. */
export function runsOwnGateway(config: Config): boolean {
  const url = new URL(config.claude_code.websocket_url);
  return url.protocol === 'ws:' && isLoopbackHost(url.hostname) && Number(url.port || 80) === config.gateway.port;
}

/** The address under which this machine reaches the REST server. */
export function serverUrl(config: Config): string {
  if (config.server.url !== '') return config.server.url.replace(/\/+$/, '');
  return `http://${reachableHost(config.server.host)}:${config.server.port}`;
}

/** The name by which browsers reach the Web UI of the embedded server: with logins it is the dashboard's, so that the cookie goes along. */
export function uiHost({ server }: Config): string {
  return server.auth === 'token' ? 'xswarm.localhost' : '127.0.0.1';
}

/** The address under which this machine reaches the supervisor socket. */
export function supervisorUrl(config: Config): string {
  if (config.supervisor.url !== '') return config.supervisor.url;
  return `ws://${reachableHost(config.supervisor.host)}:${config.supervisor.port}`;
}

function reachableHost(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  if (host === '::') return '[::1]';
  return host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
}
