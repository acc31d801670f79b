import { delimiter, join } from 'node:path';
import { existsSync } from 'node:fs';
import { isLoopbackHost } from '../../protocol/http-access.ts';
import { GatewayControlClient } from '../../protocol/gateway-control.ts';
import { runsOwnGateway, serverUrl, supervisorUrl, uiHost } from '../config/derive.ts';
import { loadGatewayToken } from '../config/secrets.ts';
import type { Config } from '../config/sections.ts';
import { isRunByNpm } from '../processes/stop-signal.ts';

/** What the printed commands are about. */
export interface NextSteps {
  config: Config;
  env: NodeJS.ProcessEnv;
  /** How this CLI was started: command and first arguments. */
  self: readonly string[];
  dataDir: string;
  userId: string;
  project: string;
  /** The session of the first conversation. */
  sessionId: string | null;
}

/** Returns the commands to paste into another terminal, and the addresses. */
export function nextSteps({ config, env, self, dataDir, userId, project, sessionId }: NextSteps): string[] {
  const url = serverUrl(config);
  const api = `${url}/api/claude-code`;
  const header = "-H 'Content-Type: application/json'";
  const token = config.server.auth === 'token' ? ' -H "Authorization: Bearer $XSWARM_TOKEN"' : '';
  const id = sessionId ?? '<session_id>';
  const body = JSON.stringify({ user_id: userId, project_path: project });
  // Commands find the server by the data folder, so a folder that is not the default one goes with them.
  const home = (env.XSWARM_HOME ?? '') === '' ? '' : `XSWARM_HOME=${shellWord(dataDir)} `;
  const xswarm = `${home}${commandWord(env, self)}`;
  const lines = [
    `In another terminal, in ${project}:`,
    `  ${xswarm} claude ${sessionId === null ? `connect $(${xswarm} claude new)` : `connect ${id}`}`,
    `  ${xswarm} claude status`,
    'By HTTP:',
    ...(sessionId === null ? [`  curl -X POST ${api}/sessions${token} ${header} -d ${shellWord(body)}`] : []),
    `  curl -X POST ${api}/sessions/${id}/messages${token} ${header} -d '{"message":"Check git status"}'`,
    `  curl${token} ${api}/sessions/${id}/cost`,
    ...(config.server.dashboard
      ? [`Dashboard: ${pageUrl(config)}    Log in another browser: ${xswarm} dashboard`]
      : []),
    `Supervisor socket: ${supervisorUrl(config)}    API reference: ${url}/docs`,
  ];
  const workflow = workflowUrl(config, sessionId);
  return workflow === null ? lines : [...lines, `${sessionId === null ? 'Temporal' : 'Its workflow'}: ${workflow}`];
}

/** Returns where browsers find the page: under its own name on this machine, so that no other local server gets its cookie. */
export function pageUrl(config: Config, server: string = serverUrl(config)): string {
  const url = new URL(server);
  if (config.server.url === '' && isLoopbackHost(url.hostname)) url.hostname = 'xswarm.localhost';
  return url.origin;
}

/** Returns the address of a session in Temporal's Web UI; null where the Temporal server is not ours. */
export function workflowUrl(config: Config, sessionId: string | null): string | null {
  if (config.temporal.address !== '') return null;
  const base = `http://${uiHost(config)}:${config.temporal.ui_port}/namespaces/${encodeURIComponent(config.temporal.namespace)}/workflows`;
  return sessionId === null ? base : `${base}/session-${encodeURIComponent(sessionId)}`;
}

/** Says which agent replies, and how to log in where it is the simulator. */
export async function agentInWords(config: Config, dataDir: string): Promise<string[]> {
  if (!runsOwnGateway(config)) return [`Agent: the server at ${config.claude_code.websocket_url}`];
  const token = loadGatewayToken(config, dataDir, true);
  const health = await new GatewayControlClient({ url: config.claude_code.websocket_url, token }).ping();
  if (!health.simulated) return ['Agent: Claude Code'];
  const choice = config.gateway.agent === 'simulator' ? ' (as configured: [gateway] agent)' : '';
  return [
    `Agent: the simulator${choice}. ANSWERS ARE SIMULATED, and so are their costs.`,
    ...(choice === '' ? ['To use Claude: set ANTHROPIC_API_KEY, or log in with `claude`, and start again.'] : []),
  ];
}

/** How the person runs the CLI: `xswarm` where the shell finds it, `npx xswarm` where npm ran this process, else Node with its path. */
function commandWord(env: NodeJS.ProcessEnv, self: readonly string[]): string {
  // npm puts its own folders on the PATH of what it runs; another terminal does not have them.
  const folders = (env.PATH ?? '').split(delimiter).filter((folder) => !/node_modules|node-gyp-bin/.test(folder));
  if (folders.some((folder) => folder !== '' && existsSync(join(folder, 'xswarm')))) return 'xswarm';
  if (isRunByNpm(env)) return 'npx xswarm';
  return ['node', ...self.slice(1)].map(shellWord).join(' ');
}

function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
