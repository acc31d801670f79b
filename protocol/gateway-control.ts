import { z } from 'zod';
import { errors } from '../domain/errors.ts';
import { AGENT_NAMES } from '../domain/session.ts';
import type { GatewayControl, GatewayHealth } from '../domain/session-workflows.ts';
import { agentStatus } from './agent-status.ts';
import type { AgentStatus } from './agent-status.ts';
import { toPathPart } from './path-part.ts';

const TIMEOUT_MS = 2_000;

const health = z.object({
  agent: z.enum(AGENT_NAMES),
  simulated: z.boolean(),
  exactly_once: z.boolean(),
  running_agents: z.number(),
});

/** A server that does not answer our way: all we know is that it is there and speaks the guide's bare frames. */
const PLAIN_PEER: GatewayHealth = { agent: 'peer', simulated: false, exactly_once: false, running_agents: 0 };

type Call = (method: string, path: string) => Promise<Response>;

function makeCall({ url, token }: { url: string; token: string }): Call {
  const base = url.replace(/^ws/, 'http').replace(/\/$/, '');
  return async (method, path) => {
    try {
      return await fetch(`${base}${path}`, {
        method,
        headers: { authorization: `Bearer ${token}` },
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
    } catch (error) {
      throw errors.unavailable('The gateway', error);
    }
  };
}

/** The agents that a gateway runs, with their memory; none for a server that does not tell. */
export async function readAgents(options: { url: string; token: string }): Promise<AgentStatus[]> {
  const answer = await makeCall(options)('GET', '/status');
  const body = z.object({ agents: z.array(agentStatus) }).safeParse(await answer.json().catch(() => null));
  return body.success ? body.data.agents : [];
}

/** The gateway's HTTP side, at the same address as its socket (`ws://` becomes `http://`). */
export function makeGatewayControl(options: { url: string; token: string }): GatewayControl {
  const call = makeCall(options);

  return {
    async interrupt(sessionId) {
      const answer = await call('POST', `/sessions/${toPathPart(sessionId)}/interrupt`);
      if (!answer.ok) return false;
      return z.object({ interrupted: z.boolean() }).parse(await answer.json()).interrupted;
    },
    async ping() {
      const answer = await call('GET', '/health');
      const body: unknown = await answer.json().catch(() => null);
      const parsed = health.safeParse(body);
      if (parsed.success && answer.status === 503) throw errors.unavailable('The journal of the gateway', body);
      return parsed.success ? parsed.data : PLAIN_PEER;
    },
  };
}
