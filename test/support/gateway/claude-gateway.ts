import type { AgentStatus } from '../../../protocol/gateway-control.ts';
import { GatewayControlClient } from '../../../protocol/gateway-control.ts';
import type { GatewayOptions } from '../../../gateway/front/server.ts';
import { TEST_TOKEN } from './gateway-client.ts';
import { claudeEnv, startMessagesApi, type MessagesApi } from './messages-api.ts';
import { startTestGateway, type TestGateway } from './test-gateway.ts';

/** A gateway that runs the real Claude Code over a stand-in of the API. */
export interface ClaudeGateway extends TestGateway {
  api: MessagesApi;
  /** The agents that run now, as the gateway tells them. */
  agents(): Promise<AgentStatus[]>;
}

/** Starts both; `close` ends both. */
export async function startClaudeGateway(
  choose: (home: string, api: MessagesApi) => Partial<GatewayOptions> = () => ({}),
): Promise<ClaudeGateway> {
  const api = await startMessagesApi();
  const gate = await startTestGateway((home) => ({ agent: 'claude', env: claudeEnv(api, home), ...choose(home, api) }));
  const closeGate = gate.close.bind(gate);
  return Object.assign(gate, {
    api,
    agents: () => new GatewayControlClient({ url: gate.gateway.url, token: TEST_TOKEN }).agents(),
    async close() {
      await closeGate();
      await api.close();
    },
  });
}
