import { runsOwnGateway } from '../config/derive.ts';
import type { AgentStatus } from '../../protocol/gateway-control.ts';
import { GatewayControlClient } from '../../protocol/gateway-control.ts';
import { isClaudeConfigured } from '../../gateway/drivers/claude/environment.ts';
import { loadGatewayToken } from '../run/load-secrets.ts';
import type { DiagnoseOptions } from './diagnose-options.ts';
import type { Finding } from './finding.ts';

/** Checks that the agent server answers, where one is expected to. */
export async function checkGateway({ config, dataDir }: DiagnoseOptions, isRunning: boolean): Promise<Finding> {
  const check = 'Gateway';
  const url = config.claude_code.websocket_url;
  const isOwn = runsOwnGateway(config);
  if (isOwn && !isRunning) return { check, state: 'ok', text: `starts with xswarm, at ${url}` };
  try {
    const token = loadGatewayToken(config, dataDir, isOwn);
    const health = await new GatewayControlClient({ url, token }).ping();
    const kind = health.exactly_once
      ? agentsInWords(await new GatewayControlClient({ url, token }).agents())
      : 'a plain server: delivery at least once';
    return { check, state: 'ok', text: `${url} answers, ${kind}` };
  } catch {
    const todo = isOwn
      ? 'Look into gateway.log in the logs of the data folder'
      : 'Start that server, or correct CLAUDE_CODE_WEBSOCKET_URL ([claude_code] websocket_url)';
    return { check, state: 'fail', text: `${url} cannot be reached`, todo };
  }
}

/** Which agents run and what memory each takes. */
export function agentsInWords(agents: AgentStatus[]): string {
  if (agents.length === 0) return 'no agent runs';
  const list = agents.map(({ session_id, pid, rss_bytes, state }) => {
    const facts = [state, pid === null ? '' : `pid ${pid}`, rss_bytes === null ? '' : mebibytes(rss_bytes)];
    return `${session_id ?? 'started ahead'} (${facts.filter(Boolean).join(', ')})`;
  });
  // A simulated agent is no process.
  const bytes = agents.reduce((sum, { rss_bytes }) => sum + (rss_bytes ?? 0), 0);
  const memory = bytes === 0 ? '' : ` with ${mebibytes(bytes)}`;
  return `${agents.length === 1 ? '1 agent runs' : `${agents.length} agents run`}${memory}: ${list.join('; ')}`;
}

function mebibytes(bytes: number): string {
  return `${Math.round(bytes / 2 ** 20)} MiB`;
}

/** Checks who is going to answer. */
export function checkAgent({ config, env }: DiagnoseOptions): Finding {
  const check = 'Agent';
  if (!runsOwnGateway(config)) return { check, state: 'ok', text: 'what the agent server has' };
  const { agent } = config.gateway;
  const hasKey = isClaudeConfigured(env);
  const todo = 'Set ANTHROPIC_API_KEY, or log in with `claude`';
  if (agent === 'simulator') {
    return { check, state: 'warn', text: 'the simulator: answers are simulated', todo: 'Set [gateway] agent to auto' };
  }
  if (hasKey) return { check, state: 'ok', text: 'Claude Code, with a key or login' };
  if (agent === 'claude') return { check, state: 'fail', text: 'Claude Code without a key or login', todo };
  return { check, state: 'warn', text: 'no key or login for Claude: answers will be simulated', todo };
}
