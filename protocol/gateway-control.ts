import { z } from 'zod';
import { errors, XswarmError } from '../domain/errors.ts';
import type { ProjectSettings } from '../domain/project-settings.ts';
import { AGENT_NAMES } from '../domain/session/session.ts';
import type { GatewayControl, GatewayHealth } from '../domain/session/session-workflows.ts';

const TIMEOUT_MS = 2_000;

const health = z.object({
  agent: z.enum(AGENT_NAMES),
  simulated: z.boolean(),
  exactly_once: z.boolean(),
  running_agents: z.number(),
});

const agentStatus = z.object({
  /** Null for an agent that was started ahead and waits for a new session. */
  session_id: z.string().nullable(),
  pid: z.number().nullable(),
  rss_bytes: z.number().nullable(),
  since: z.string().nullable(),
  state: z.enum(['starting', 'running', 'background', 'ready', 'warm']),
});
/** One agent, as `GET /status` shows it. */
export type AgentStatus = z.infer<typeof agentStatus>;

const status = z.object({ agents: z.array(agentStatus) });

/** The body of `POST /sessions/:id/interrupt`. With `message_id`, only the turn of that message is interrupted. */
export const interruptRequest = z.object({ message_id: z.string().optional() });
const interruptAnswer = z.object({ interrupted: z.boolean() });

const settingsAnswer = z.object({
  settings: z
    .object({
      project_path: z.string(),
      digest: z.string().nullable(),
      hooks: z.array(z.string()),
      mcp_servers: z.array(z.string()),
      rules: z.array(z.string()),
      files: z.array(z.string()),
    })
    .nullable(),
});
const settingsRefusal = z.object({ code: z.enum(['PROJECT_PATH', 'UNAVAILABLE']), message: z.string() });

/** What is assumed of a server that answers in another form: it is reachable and speaks the guide's bare frames. */
const PLAIN_PEER: GatewayHealth = { agent: 'peer', simulated: false, exactly_once: false, running_agents: 0 };

/** The gateway's HTTP side, at the same address as its socket (`ws://` becomes `http://`). */
export class GatewayControlClient implements GatewayControl {
  readonly #base: string;
  readonly #token: string;

  constructor({ url, token }: { url: string; token: string }) {
    this.#base = toHttpBase(url);
    this.#token = token;
  }

  async interrupt(sessionId: string, messageId?: string): Promise<boolean> {
    const body = messageId === undefined ? undefined : { message_id: messageId };
    const answer = await this.#call('POST', `/sessions/${toPathPart(sessionId)}/interrupt`, body);
    if (!answer.ok) return false;
    return interruptAnswer.parse(await answer.json()).interrupted;
  }

  async projectSettings(projectPath: string): Promise<ProjectSettings | null> {
    const answer = await this.#call('GET', `/settings?project_path=${encodeURIComponent(projectPath)}`);
    const body: unknown = await answer.json().catch(() => null);
    const parsed = settingsAnswer.safeParse(body);
    if (parsed.success) return parsed.data.settings;
    const refused = settingsRefusal.safeParse(body);
    if (!refused.success) return null; // a plain peer
    throw new XswarmError(refused.data.code, refused.data.message);
  }

  async ping(): Promise<GatewayHealth> {
    const answer = await this.#call('GET', '/health');
    const body: unknown = await answer.json().catch(() => null);
    const parsed = health.safeParse(body);
    if (parsed.success && answer.status === 503) throw errors.unavailable('The journal of the gateway', body);
    return parsed.success ? parsed.data : PLAIN_PEER;
  }

  /** The agents that the gateway runs, with their memory; an empty list from a plain peer. */
  async agents(): Promise<AgentStatus[]> {
    const answer = await this.#call('GET', '/status');
    const body = status.safeParse(await answer.json().catch(() => null));
    return body.success ? body.data.agents : [];
  }

  async #call(method: string, path: string, body?: object): Promise<Response> {
    try {
      return await fetch(`${this.#base}${path}`, {
        method,
        headers: { authorization: `Bearer ${this.#token}`, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
    } catch (error) {
      throw errors.unavailable('The gateway', error);
    }
  }
}

/** The HTTP address of a gateway's socket address, without a slash at its end. */
export function toHttpBase(url: string): string {
  return url.replace(/^ws/, 'http').replace(/\/$/, '');
}

/**
 * A session id as a part of an address. `.` and `..` are valid ids, but an address cannot hold them in any encoding, so they
 * are written behind a `~`, which no id contains.
 */
export function toPathPart(sessionId: string): string {
  return sessionId === '.' || sessionId === '..' ? `~${sessionId}` : encodeURIComponent(sessionId);
}

/** The session id in a part of an address; null when it is not encoded correctly. */
export function fromPathPart(part: string): string | null {
  try {
    return decodeURIComponent(part).replace(/^~(\.{1,2})$/, '$1');
  } catch {
    return null;
  }
}
