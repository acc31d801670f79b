import type { IncomingMessage, ServerResponse } from 'node:http';
import type { GatewayHealth } from '../../domain/session/session-workflows.ts';
import type { AgentStatus } from '../../protocol/gateway-control.ts';
import type { AgentDriver } from '../drivers/driver.ts';
import type { Journal } from '../journal/journal.ts';
import type { JournalWriter } from '../journal/journal-writer.ts';
import { XswarmError } from '../../domain/errors.ts';
import { requireFolder } from '../sessions/project-folder.ts';
import { answerJournal } from './journal-routes.ts';
import { fromPathPart, interruptRequest } from '../../protocol/gateway-control.ts';
import { residentBytes } from '../processes/process-table.ts';
import { AGENT_PROTOCOL } from '../../protocol/agent-protocol.ts';
import type { SessionHost } from '../sessions/session-host.ts';
import type { SessionRegistry } from '../sessions/session-registry.ts';
import type { WarmAgents } from '../agents/warm-agents.ts';
import { GREETING } from './upgrade.ts';

const MAX_BODY = 64 * 1024;

/** Answers the gateway's HTTP calls: liveness for everybody, the rest for those who have the token. */
export function makeControlRoutes(options: {
  registry: SessionRegistry;
  driver: AgentDriver;
  journal: Journal;
  writer: JournalWriter;
  warm: WarmAgents;
  version: string;
  /** Folders that projects must be in; empty: any folder. */
  projectRoots: readonly string[];
  hasToken: (request: IncomingMessage) => boolean;
}): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  const { registry, driver, writer } = options;

  function health(): GatewayHealth & { version: string; protocol: string; message?: string } {
    return {
      agent: driver.name,
      simulated: driver.simulated,
      exactly_once: true,
      running_agents: registry.all().filter((host) => host.slot.agent !== null).length,
      version: options.version,
      protocol: AGENT_PROTOCOL,
      ...(writer.failure === null ? {} : { message: `The journal cannot be written: ${writer.failure.message}` }),
    };
  }

  async function settingsOf(path: string): Promise<{ status: number; body: object }> {
    try {
      const folder = await requireFolder(path, options.projectRoots);
      return { status: 200, body: { settings: (await driver.settingsOf?.(folder)) ?? null } };
    } catch (error) {
      if (!(error instanceof XswarmError)) throw error;
      return { status: 400, body: { type: 'error', code: error.code, message: error.message } };
    }
  }

  return async (request, response) => {
    const url = URL.canParse(request.url ?? '/', 'http://gateway')
      ? new URL(request.url ?? '/', 'http://gateway')
      : null;
    if (url === null) return sendError(response, 400, 'INVALID_REQUEST', 'The address is not well formed');
    const { pathname } = url;
    const call = `${request.method ?? 'GET'} ${pathname}`;
    if (call === 'GET /') return sendText(response, 426, `${GREETING}\n`);
    const status = writer.failure === null ? 200 : 503;
    if (call === 'GET /health' && !options.hasToken(request)) {
      return sendJson(response, status, { status: status === 200 ? 'ok' : 'failing', protocol: AGENT_PROTOCOL });
    }
    if (!options.hasToken(request)) {
      return sendError(response, 401, 'UNAUTHENTICATED', 'Missing or invalid token');
    }
    if (call === 'GET /health') return sendJson(response, status, health());
    if (call === 'GET /status') {
      const agents = registry.all().filter((host) => host.slot.since !== null);
      const described = [...agents.map(describeAgent), ...options.warm.all().map(describeWarm)];
      return sendJson(response, 200, { agents: await Promise.all(described) });
    }
    if (call === 'GET /settings') {
      const asked = await settingsOf(url.searchParams.get('project_path') ?? '');
      return sendJson(response, asked.status, asked.body);
    }
    const journalAnswer = request.method === 'GET' ? answerJournal(options.journal, url) : null;
    if (journalAnswer !== null) return sendJson(response, journalAnswer.status, journalAnswer.body);
    const match = /^POST \/sessions\/([^/]+)\/interrupt$/.exec(call);
    if (match === null) return sendError(response, 404, 'NOT_FOUND', `Nothing is served at ${pathname}`);
    const sessionId = fromPathPart(match[1]!);
    if (sessionId === null) return sendError(response, 400, 'INVALID_REQUEST', 'The session id is not well encoded');
    const wish = interruptRequest.safeParse(await readJson(request));
    if (!wish.success) return sendError(response, 400, 'INVALID_REQUEST', 'The body is not valid: message_id');
    const { message_id } = wish.data;
    sendJson(response, 200, { interrupted: registry.find(sessionId)?.interrupt(message_id) ?? false });
  };
}

async function describeAgent(host: SessionHost): Promise<AgentStatus> {
  const { agent, since } = host.slot;
  const pid = agent?.pid ?? null;
  return {
    session_id: host.row.session_id,
    pid,
    rss_bytes: pid === null ? null : await residentBytes(pid),
    since,
    state: stateOf(host),
  };
}

async function describeWarm({ agent: { pid }, since }: ReturnType<WarmAgents['all']>[number]): Promise<AgentStatus> {
  return { session_id: null, pid, rss_bytes: pid === null ? null : await residentBytes(pid), since, state: 'warm' };
}

function stateOf(host: SessionHost): AgentStatus['state'] {
  if (host.slot.agent === null) return 'starting';
  if (host.slot.agent.busy) return 'running';
  return host.backgroundTasks > 0 ? 'background' : 'ready';
}

/** A small body as JSON: an empty object when there is no body, null when it is not JSON or is too large. */
async function readJson(request: IncomingMessage): Promise<unknown> {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) {
    text += chunk as string;
    if (text.length > MAX_BODY) return null;
  }
  if (text === '') return {};
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function sendJson(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  response.end(JSON.stringify(body));
}

function sendText(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', upgrade: 'websocket' });
  response.end(text);
}

function sendError(response: ServerResponse, status: number, code: string, message: string): void {
  sendJson(response, status, { type: 'error', code, message });
}
