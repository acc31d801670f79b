import { runsOwnGateway } from '../../config/derive.ts';
import type { Config } from '../../config/sections.ts';
import { GatewayControlClient } from '../../../protocol/gateway-control.ts';
import { loadGatewayToken } from '../load-secrets.ts';

/** Says who answers, and how to give a key where nobody real does. */
export async function agentInWords(config: Config, dataDir: string): Promise<string[]> {
  if (!runsOwnGateway(config)) return [`Agent: the server at ${config.claude_code.websocket_url}`];
  const token = loadGatewayToken(config, dataDir, true);
  const health = await new GatewayControlClient({ url: config.claude_code.websocket_url, token }).ping();
  if (!health.simulated) return ['Agent: Claude Code'];
  const choice = config.gateway.agent === 'simulator' ? ' ([gateway] agent says so)' : '';
  return [
    `Agent: the simulator${choice}. ANSWERS ARE SIMULATED, and so are their costs.`,
    ...(choice === '' ? ['For Claude: set ANTHROPIC_API_KEY, or log in with `claude`, and start again.'] : []),
  ];
}
