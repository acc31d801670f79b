import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** One request to the stand-in, in the words that a test asks about. */
export interface ApiCall {
  /** Counts all answered requests from 1. */
  number: number;
  /** Claude Code's own session id (`x-claude-code-session-id`); null when the header is missing. */
  conversation: string | null;
  model: string;
  /** The texts that the model would see, in order: `user: …`, `assistant: …`, `tool_use: <name> <json>`, `tool_result: …`; reminders left out. */
  transcript: string[];
  /** The last text that a person (or a tool) wrote. */
  lastText: string;
  /** True when the last thing the model sees is a tool's result. */
  afterTool: boolean;
  body: Record<string, unknown>;
}

export type ReplyBlock = { type: 'text'; text: string } | { type: 'tool_use'; name: string; input: object };

/** What the stand-in answers: blocks, or an error. */
export interface ApiReply {
  blocks?: ReplyBlock[];
  /** Answers with this HTTP status instead (400, 401, 429, 529, …). */
  error?: { status: number; type?: string; message?: string };
  /** Milliseconds before the first byte. */
  delayMs?: number;
  /** Waits for this in mid-stream: after the first half of the first text block was sent. */
  hold?: Promise<unknown>;
  /** Cuts the socket where `hold` would wait. */
  cut?: boolean;
  inputTokens?: number;
  outputTokens?: number;
}

export type ApiHandler = (call: ApiCall) => ApiReply | Promise<ApiReply>;

/** A stand-in of the Anthropic Messages API on a free loopback port. One call costs 0.003 US dollars by default. */
export interface MessagesApi {
  url: string;
  calls: ApiCall[];
  /** How many requests are being answered now. */
  readonly active: number;
  /** Scripts one conversation, or all the others when `conversation` is null. */
  on(conversation: string | null, handler: ApiHandler): void;
  /** Resolves when `count` calls (of one conversation) have been made. */
  waitForCalls(count: number, conversation?: string): Promise<void>;
  close(): Promise<void>;
}

/** Nano-dollars of one default call: 1000 tokens in, 100 out, at Claude Sonnet 5's list price. */
export const CALL_COST_NANO = 3_000_000;
export const TEST_MODEL = 'claude-sonnet-5';

/** A reply of one text. */
export function say(text: string, more: Omit<ApiReply, 'blocks'> = {}): ApiReply {
  return { blocks: [{ type: 'text', text }], ...more };
}

/** A reply that asks for one tool. */
export function callTool(name: string, input: object, more: Omit<ApiReply, 'blocks'> = {}): ApiReply {
  return { blocks: [{ type: 'tool_use', name, input }], ...more };
}

/** A promise and the function that resolves it, to hold a reply in mid-stream. */
export function gate(): { opened: Promise<void>; open: () => void } {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open };
}

/** The environment for a gateway (or `claude` itself) that talks to the stand-in and to nothing else. */
export function claudeEnv(api: Pick<MessagesApi, 'url'>, home: string): NodeJS.ProcessEnv {
  return {
    PATH: process.env.PATH,
    LANG: process.env.LANG ?? 'C.UTF-8',
    HOME: home,
    CLAUDE_CONFIG_DIR: join(home, '.claude'),
    ANTHROPIC_BASE_URL: api.url,
    ANTHROPIC_API_KEY: 'dummy-key-of-a-test',
    ANTHROPIC_MODEL: TEST_MODEL,
    DISABLE_TELEMETRY: '1',
    DISABLE_ERROR_REPORTING: '1',
    DISABLE_AUTOUPDATER: '1',
    DISABLE_BUG_COMMAND: '1',
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
    CLAUDE_CODE_MAX_RETRIES: '1',
  };
}

/** Starts the stand-in. Without a script it answers `You said: <last text>`. */
export async function startMessagesApi(): Promise<MessagesApi> {
  const handlers = new Map<string | null, ApiHandler>([[null, (call) => say(`You said: ${call.lastText}`)]]);
  const calls: ApiCall[] = [];
  const watchers = new Set<() => void>();
  let active = 0;

  const server = createServer((request, response) => {
    active += 1;
    response.on('close', () => (active -= 1));
    answer(request, response).catch((error: unknown) => response.destroy(error as Error));
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readJson(request);
    if (request.method !== 'POST' || !request.url?.startsWith('/v1/messages') || request.url.includes('count_tokens')) {
      return sendError(response, { status: 404, type: 'not_found_error', message: 'Not served by the stand-in' });
    }
    const call = readCall(body, request.headers['x-claude-code-session-id'], calls.length + 1);
    calls.push(call);
    for (const watcher of watchers) watcher();
    const handler = handlers.get(call.conversation) ?? handlers.get(null)!;
    const reply = await handler(call);
    if (reply.delayMs !== undefined) await sleep(reply.delayMs);
    if (reply.error !== undefined) return sendError(response, reply.error);
    await stream(response, call, reply);
  }

  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    get active() {
      return active;
    },
    on: (conversation, handler) => void handlers.set(conversation, handler),
    async waitForCalls(count, conversation) {
      const enough = (): boolean =>
        calls.filter((call) => conversation === undefined || call.conversation === conversation).length >= count;
      if (enough()) return;
      await new Promise<void>((resolve) => {
        const watcher = (): void => {
          if (!enough()) return;
          watchers.delete(watcher);
          resolve();
        };
        watchers.add(watcher);
      });
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function readJson(request: IncomingMessage): Promise<Record<string, unknown>> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  if (chunks.length === 0) return {};
  return JSON.parse(Buffer.concat(chunks).toString()) as Record<string, unknown>;
}

interface WireBlock {
  type: string;
  text?: string;
  content?: unknown;
  name?: string;
  input?: unknown;
}
interface WireMessage {
  role: string;
  content: string | WireBlock[];
}

function readCall(body: Record<string, unknown>, header: string | string[] | undefined, number: number): ApiCall {
  const entries = ((body.messages ?? []) as WireMessage[])
    .filter((message) => message.role !== 'system')
    .flatMap(lines);
  const last = entries.at(-1);
  return {
    number,
    conversation: typeof header === 'string' ? header : null,
    model: typeof body.model === 'string' ? body.model : 'unknown',
    transcript: entries.map((entry) => `${entry.who}: ${entry.text}`),
    lastText: last?.text ?? '',
    afterTool: last?.who === 'tool_result',
    body,
  };
}

function lines(message: WireMessage): { who: string; text: string }[] {
  const blocks = typeof message.content === 'string' ? [{ type: 'text', text: message.content }] : message.content;
  return blocks.flatMap((block) => {
    if (block.type === 'tool_result') return [{ who: 'tool_result', text: flatten(block.content) }];
    if (block.type === 'tool_use')
      return [{ who: 'tool_use', text: `${block.name ?? ''} ${JSON.stringify(block.input)}` }];
    if (block.type !== 'text' || block.text === undefined) return [];
    const text = block.text.replace(/<system-reminder>[\s\S]*?<\/system-reminder>/g, '').trim();
    return text === '' ? [] : [{ who: message.role, text }];
  });
}

function flatten(content: unknown): string {
  if (typeof content === 'string') return content;
  return Array.isArray(content) ? content.map((part: WireBlock) => part.text ?? '').join('') : '';
}

function sendError(response: ServerResponse, error: NonNullable<ApiReply['error']>): void {
  const type = error.type ?? (error.status === 429 ? 'rate_limit_error' : 'api_error');
  response.writeHead(error.status, { 'content-type': 'application/json' });
  response.end(
    JSON.stringify({ type: 'error', error: { type, message: error.message ?? `Stand-in says ${error.status}` } }),
  );
}

async function stream(response: ServerResponse, call: ApiCall, reply: ApiReply): Promise<void> {
  const blocks = reply.blocks ?? [{ type: 'text' as const, text: 'ok' }];
  const put = (type: string, data: object): void =>
    void response.write(`event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`);
  response.writeHead(200, { 'content-type': 'text/event-stream', 'request-id': `req_${randomUUID()}` });
  put('message_start', {
    message: {
      id: `msg_${randomUUID().replaceAll('-', '')}`,
      type: 'message',
      role: 'assistant',
      model: call.model,
      content: [],
      stop_reason: null,
      stop_sequence: null,
      usage: { input_tokens: reply.inputTokens ?? 1000, output_tokens: 1 },
    },
  });
  for (const [index, block] of blocks.entries()) {
    if (block.type === 'tool_use') {
      const id = `toolu_${randomUUID().replaceAll('-', '')}`;
      put('content_block_start', { index, content_block: { type: 'tool_use', id, name: block.name, input: {} } });
      put('content_block_delta', {
        index,
        delta: { type: 'input_json_delta', partial_json: JSON.stringify(block.input) },
      });
    } else {
      put('content_block_start', { index, content_block: { type: 'text', text: '' } });
      const half = Math.ceil(block.text.length / 2);
      put('content_block_delta', { index, delta: { type: 'text_delta', text: block.text.slice(0, half) } });
      if (index === 0 && reply.hold !== undefined) await Promise.race([reply.hold, once(response, 'close')]);
      if (index === 0 && reply.cut === true) return void response.destroy();
      put('content_block_delta', { index, delta: { type: 'text_delta', text: block.text.slice(half) } });
    }
    put('content_block_stop', { index });
  }
  put('message_delta', {
    delta: { stop_reason: blocks.at(-1)?.type === 'tool_use' ? 'tool_use' : 'end_turn', stop_sequence: null },
    usage: { output_tokens: reply.outputTokens ?? 100 },
  });
  put('message_stop', {});
  response.end();
}
