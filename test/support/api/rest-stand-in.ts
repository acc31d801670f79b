import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { SessionEventBody, SessionEvent } from '../../../domain/session/event.ts';
import type { Session } from '../../../domain/service-data.ts';

/** What a message is answered with; `waitFor` holds the answer back. */
export interface ScriptedAnswer {
  content: string;
  outcome?: 'done' | 'failed' | 'unknown';
  costUsd?: number;
  tools?: string[];
  waitFor?: Promise<void>;
}

interface Sent {
  id: string;
  content: string;
  answer: Promise<Record<string, unknown>>;
  settled?: object;
}

interface Held {
  session: Session;
  events: SessionEvent[];
  messages: Map<string, Sent>;
  tail: Promise<unknown>;
}

/** A server that speaks the contract's REST from memory; it ends at the connector, a port of ours. */
export class RestStandIn {
  url = '';
  readonly requests: { method: string; path: string; headers: IncomingMessage['headers']; body: unknown }[] = [];
  readonly sessions = new Map<string, Held>();
  readonly streams = new Set<ServerResponse>();
  /** Answers the next requests badly: an HTTP status, or a cut socket. */
  readonly faults: (number | 'cut' | 'cut_after')[] = [];
  answer: (content: string) => ScriptedAnswer = (content) => ({ content: `You said: ${content}`, costUsd: 0.0031 });
  private readonly server: Server;

  constructor() {
    this.server = createServer((request, response) => {
      this.handle(request, response).catch((error: unknown) => response.destroy(error as Error));
    });
  }

  async listen(port = 0): Promise<this> {
    await new Promise<void>((resolve) => this.server.listen(port, '127.0.0.1', resolve));
    this.url = `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
    return this;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  cutStreams(): void {
    for (const stream of this.streams) stream.destroy();
  }

  addSession(id: string, fields: Partial<Session> = {}): Held {
    const now = new Date().toISOString();
    const held: Held = {
      session: {
        id,
        user_id: 'ada',
        project_path: '/projects/demo',
        status: 'active',
        is_active: true,
        cost_usd: 0,
        started_at: now,
        ended_at: null,
        message_count: 0,
        last_activity: now,
        title: null,
        options: {},
        reason: null,
        error: null,
        agent: 'simulator',
        simulated: true,
        at_least_once: false,
        queued: 0,
        running: null,
        waiting: null,
        ...fields,
      },
      events: [],
      messages: new Map(),
      tail: Promise.resolve(),
    };
    this.sessions.set(id, held);
    return held;
  }

  emit(held: Held, body: SessionEventBody): void {
    const event = { session_id: held.session.id, seq: held.events.length + 1, ...body };
    held.events.push(event);
    for (const stream of this.streams) writeEvent(stream, event);
  }

  /** Streams a piece of text that is being written. */
  writeText(held: Held, messageId: string, text: string): void {
    const delta = { type: 'text_delta', session_id: held.session.id, message_id: messageId, text };
    for (const stream of this.streams) stream.write(`event: text_delta\ndata: ${JSON.stringify(delta)}\n\n`);
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://x');
    const text = await readText(request);
    const body = text === '' ? undefined : (JSON.parse(text) as Record<string, unknown>);
    const method = request.method ?? 'GET';
    this.requests.push({ method, path: url.pathname + url.search, headers: request.headers, body });
    const fault = this.faults.shift();
    if (fault === 'cut') return void request.socket.destroy();
    if (typeof fault === 'number') return reply(response, fault, failure('UNAVAILABLE', 'Temporal cannot be reached'));
    const [status, answer] = await this.route(method, url, request, response, body ?? {});
    if (fault === 'cut_after') return void request.socket.destroy();
    if (status !== 0) reply(response, status, answer);
  }

  private async route(
    method: string,
    url: URL,
    request: IncomingMessage,
    response: ServerResponse,
    body: Record<string, unknown>,
  ): Promise<[number, unknown]> {
    const path = url.pathname.replace(/^\/api\/claude-code/, '');
    const timestamp = new Date().toISOString();
    if (path === '/ready' || path === '/health') return [200, { status: 'ok' }];
    if (method === 'POST' && path === '/sessions') {
      const id = typeof body.session_id === 'string' ? body.session_id : crypto.randomUUID();
      const fields = { user_id: String(body.user_id), project_path: String(body.project_path) };
      if (fields.user_id === 'nobody') return [404, failure('USER_NOT_FOUND', 'User not found: nobody')];
      if (!this.sessions.has(id)) this.addSession(id, { ...fields, title: (body.title as string | undefined) ?? null });
      return [201, { session_id: id, status: 'connected', ...fields, timestamp }];
    }
    if (path === '/sessions/cleanup') return [200, { cleaned: 2 }];
    if (path === '/sessions' || /^\/users\/[^/]+\/sessions$/.test(path)) return [200, this.list(url)];
    if (path === '/cost' || /^\/users\/[^/]+\/cost$/.test(path)) return [200, this.cost(path)];

    const [, , id = '', part, messageId] = path.split('/');
    const held = this.sessions.get(decodeURIComponent(id));
    if (held === undefined) return [404, failure('SESSION_NOT_FOUND', `Session not found: ${decodeURIComponent(id)}`)];
    if (method === 'DELETE') return [200, this.disconnect(held, timestamp)];
    if (part === undefined) return [200, held.session];
    if (part === 'cost') {
      const { cost_usd, message_count, status } = held.session;
      return [200, { session_id: held.session.id, cost_usd, message_count, duration_seconds: 5, status }];
    }
    if (part === 'interrupt') return [200, { interrupted: held.session.queued > 0 }];
    if (part === 'presence') return [204, undefined];
    if (part === 'resume') return this.resume(held);
    if (part === 'events' && request.headers.accept !== 'text/event-stream') {
      const limit = Number(url.searchParams.get('limit') ?? 100);
      return [200, { session_id: held.session.id, events: held.events.slice(-limit), next_after: null }];
    }
    if (part === 'events') return this.stream(held, request, response);
    if (part === 'messages' && method === 'POST') return await this.post(held, request, body);
    if (part === 'messages' && messageId !== undefined) {
      const found = [...held.messages.values()].find((message) => message.id === messageId);
      return [200, found?.settled ?? { message_id: messageId, status: 'sent', timestamp }];
    }
    return [200, { messages: history(held), next_cursor: null }];
  }

  private list(url: URL): unknown {
    const all = [...this.sessions.values()].map((held) => held.session);
    const wanted = url.searchParams.get('status');
    return { sessions: all.filter((session) => wanted === null || session.status === wanted), next_cursor: null };
  }

  private cost(path: string): unknown {
    const user = /^\/users\/([^/]+)/.exec(path)?.[1];
    const mine = [...this.sessions.values()].filter((held) => user === undefined || held.session.user_id === user);
    const sum = (pick: (session: Session) => number): number => mine.reduce((all, held) => all + pick(held.session), 0);
    return {
      ...(user !== undefined && { user_id: user }),
      cost_usd: sum((session) => session.cost_usd ?? 0),
      session_count: mine.length,
      message_count: sum((session) => session.message_count),
    };
  }

  private disconnect(held: Held, timestamp: string): unknown {
    if (held.session.reason === null) {
      held.session = { ...held.session, status: 'disconnected', is_active: false, reason: 'User requested' };
      this.emit(held, { type: 'closed', timestamp, status: 'disconnected', reason: 'User requested' });
    }
    return { session_id: held.session.id, reason: held.session.reason, timestamp };
  }

  private resume(held: Held): [number, unknown] {
    const { id, error } = held.session;
    if (error !== null)
      return [409, failure('SESSION_NOT_RESUMABLE', `Session cannot be resumed: ${id}: ${error.message}`)];
    held.session = { ...held.session, status: 'active', is_active: true, reason: null, ended_at: null };
    return [200, held.session];
  }

  private stream(held: Held, request: IncomingMessage, response: ServerResponse): [number, unknown] {
    const after = Number(request.headers['last-event-id'] ?? 0);
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(': hello\n\n');
    for (const event of held.events) if (event.seq > after) writeEvent(response, event);
    this.streams.add(response);
    response.on('close', () => this.streams.delete(response));
    return [0, null];
  }

  private async post(
    held: Held,
    request: IncomingMessage,
    body: Record<string, unknown>,
  ): Promise<[number, Record<string, unknown>]> {
    if (!held.session.is_active) {
      return [409, failure('SESSION_NOT_ACTIVE', `Session is not active: ${held.session.id}`)];
    }
    const key = String(request.headers['idempotency-key'] ?? crypto.randomUUID());
    const content = String(body.message);
    let message = held.messages.get(key);
    if (message === undefined) {
      const id = crypto.randomUUID();
      const added: Sent = { id, content, answer: this.turn(held, id, content) };
      message = added;
      held.messages.set(key, message);
      void added.answer.then((settled) => void (added.settled = settled));
    }
    const pending = { message_id: message.id, status: 'queued', url: `/messages/${message.id}` };
    if (request.headers.prefer === 'respond-async') return [202, pending];
    const settled = await message.answer;
    if (settled.status === 'done') return [200, settled];
    // As the server: an error does not name the answer, the message's own resource does.
    const code = settled.status === 'failed' ? 'TURN_FAILED' : 'TURN_UNKNOWN';
    const { message_id, cost_usd, content: partial } = settled;
    return [502, { ...failure(code, String(settled.reason)), message_id, cost_usd, content: partial }];
  }

  private async turn(held: Held, id: string, content: string): Promise<Record<string, unknown>> {
    const at = (): string => new Date().toISOString();
    held.session.queued += 1;
    held.session.message_count += 1;
    this.emit(held, { type: 'queued', timestamp: at(), message_id: id, content });
    const before = held.tail;
    const run = (async () => {
      await before;
      const { content: text, outcome = 'done', costUsd = 0, tools = [], waitFor } = this.answer(content);
      this.emit(held, { type: 'sent', timestamp: at(), message_id: id });
      await waitFor;
      for (const tool of tools) {
        const about = { timestamp: at(), message_id: id, tool_use_id: `use-${tool}` };
        this.emit(held, { type: 'tool_started', ...about, tool, summary: `${tool} something` });
        this.emit(held, { type: 'tool_finished', ...about, is_error: false, summary: 'fine' });
      }
      this.writeText(held, id, text);
      this.emit(held, { type: 'text', timestamp: at(), message_id: id, text });
      held.session.cost_usd = (held.session.cost_usd ?? 0) + costUsd;
      held.session.queued -= 1;
      const reason = outcome === 'done' ? undefined : `it went ${outcome}`;
      this.emit(held, {
        type: 'result',
        timestamp: at(),
        turn_id: `turn-${id}`,
        message_id: id,
        outcome,
        content: text,
        cost_usd: costUsd,
        simulated: true,
        ...(reason !== undefined && { error: { code: 'TURN_FAILED', message: reason } }),
      });
      const error = reason === undefined ? undefined : { code: `TURN_${outcome.toUpperCase()}`, message: reason };
      const about = { message_id: id, response_id: `turn-${id}`, status: outcome, simulated: true, timestamp: at() };
      return { ...about, content: text, cost_usd: costUsd, reason, error };
    })();
    held.tail = run;
    return await run;
  }
}

function history(held: Held): unknown[] {
  return [...held.messages.values()].map((message) => ({
    id: message.id,
    session_id: held.session.id,
    direction: 'to_claude',
    message: message.content,
    timestamp: held.session.started_at,
    cost_usd: null,
    status: 'done',
    context: null,
    reply_to: null,
    usage: [],
  }));
}

function writeEvent(stream: ServerResponse, event: SessionEvent): void {
  stream.write(`id: ${event.seq}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
}

function failure(code: string, message: string): Record<string, unknown> {
  return { type: 'error', code, message, request_id: 'r-1' };
}

function reply(response: ServerResponse, status: number, body: unknown): void {
  response
    .writeHead(status, { 'content-type': 'application/json' })
    .end(body === undefined ? '' : JSON.stringify(body));
}

async function readText(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return text;
}
