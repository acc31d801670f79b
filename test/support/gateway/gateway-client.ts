import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { WebSocket } from 'ws';
import type { AgentEvent } from '../../../domain/session/event.ts';
import type { TurnResult } from '../../../domain/session/turn.ts';
import { AGENT_PROTOCOL, gatewayFrame } from '../../../protocol/agent-protocol.ts';
import type { WorkerFrame, GatewayFrame } from '../../../protocol/agent-protocol.ts';

type Open = Extract<WorkerFrame, { type: 'open' }>;
type Answer = Exclude<GatewayFrame, { type: 'event' | 'delta' }>;
type AnswerOf<T extends Answer['type']> = Extract<Answer, { type: T }>;
type Request = WorkerFrame extends infer F ? (F extends WorkerFrame ? Omit<F, 'request_id'> : never) : never;

export const TEST_TOKEN = 'token-of-a-test';

/** One socket to a gateway, with everything it received. */
export interface GatewayClient {
  socket: WebSocket;
  /** Every frame, as received; each was checked against the schema. */
  frames: GatewayFrame[];
  readonly events: { seq: number; event: AgentEvent }[];
  readonly deltas: string[];
  open(wish: Partial<Open> & Pick<Open, 'session_id' | 'project_path'>): Promise<AnswerOf<'opened'>>;
  /** Sends a message and resolves with its acceptance; makes an id where none is given. */
  send(content: string, messageId?: string, context?: Record<string, unknown>): Promise<AnswerOf<'accepted'>>;
  /** Sends a message and resolves with its turn's result. */
  ask(content: string, messageId?: string): Promise<TurnResult>;
  request(frame: Request): Promise<Answer>;
  raw(text: string | Buffer): void;
  /** The settled turn of a message. */
  result(messageId: string): Promise<TurnResult>;
  /** Resolves with the first frame that fits, also one that came already. */
  until<T>(pick: (frame: GatewayFrame) => T | null | undefined | false): Promise<T>;
  closed: Promise<{ code: number; reason: string }>;
  close(): Promise<void>;
}

const WAIT_MS = 30_000;

/** Connects with the token and the sub-protocol; rejects when the upgrade is refused. */
export async function connectGateway(
  url: string,
  options: { token?: string; protocols?: string[]; headers?: Record<string, string> } = {},
): Promise<GatewayClient> {
  const socket = new WebSocket(url, options.protocols ?? [AGENT_PROTOCOL], {
    headers: { authorization: `Bearer ${options.token ?? TEST_TOKEN}`, ...options.headers },
    perMessageDeflate: false,
  });
  const frames: GatewayFrame[] = [];
  const watchers = new Set<() => void>();
  let requestId = 0;
  socket.on('message', (data: Buffer) => {
    frames.push(gatewayFrame.parse(JSON.parse(data.toString())));
    for (const watcher of watchers) watcher();
  });
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.on('close', (code, reason) => {
      resolve({ code, reason: reason.toString() });
      for (const watcher of watchers) watcher();
    });
  });
  await once(socket, 'open');
  socket.on('error', () => undefined);

  function until<T>(pick: (frame: GatewayFrame) => T | null | undefined | false): Promise<T> {
    let looked = 0;
    const look = (): { found: T } | null => {
      for (; looked < frames.length; looked += 1) {
        const found = pick(frames[looked]!);
        if (found !== null && found !== undefined && found !== false) return { found };
      }
      return null;
    };
    return new Promise((resolve, reject) => {
      const finish = (): void => {
        clearTimeout(timer);
        watchers.delete(watcher);
      };
      const watcher = (): void => {
        const hit = look();
        if (hit !== null) {
          finish();
          resolve(hit.found);
        } else if (socket.readyState === WebSocket.CLOSED) {
          finish();
          reject(new Error('The socket closed before the frame came'));
        }
      };
      const timer = setTimeout(() => {
        finish();
        reject(new Error(`No such frame within ${WAIT_MS} ms; the last ones: ${JSON.stringify(frames.slice(-5))}`));
      }, WAIT_MS);
      watchers.add(watcher);
      watcher();
    });
  }

  async function request(frame: Request): Promise<Answer> {
    const request_id = (requestId += 1);
    socket.send(JSON.stringify({ ...frame, request_id }));
    return until((each) =>
      each.type !== 'event' && each.type !== 'delta' && each.request_id === request_id ? each : null,
    );
  }

  async function expectAnswer<T extends Answer['type']>(type: T, frame: Request): Promise<AnswerOf<T>> {
    const answer = await request(frame);
    if (answer.type !== type) throw new Error(`Expected ${type}, got ${JSON.stringify(answer)}`);
    return answer as AnswerOf<T>;
  }

  const client: GatewayClient = {
    socket,
    frames,
    get events() {
      return frames.flatMap((frame) => (frame.type === 'event' ? [{ seq: frame.seq, event: frame.event }] : []));
    },
    get deltas() {
      return frames.flatMap((frame) => (frame.type === 'delta' ? [frame.text] : []));
    },
    open: (wish) =>
      expectAnswer('opened', { type: 'open', epoch: 1, options: {}, after_seq: 0, start: false, ...wish }),
    send: (content, message_id = randomUUID(), context) =>
      expectAnswer('accepted', { type: 'send', message_id, content, ...(context === undefined ? {} : { context }) }),
    async ask(content, messageId = randomUUID()) {
      await client.send(content, messageId);
      return client.result(messageId);
    },
    request,
    raw: (text) => socket.send(text),
    result: (messageId) =>
      until((frame) =>
        frame.type === 'event' && frame.event.type === 'result' && frame.event.turn.message_id === messageId
          ? frame.event.turn
          : null,
      ),
    until,
    closed,
    async close() {
      if (socket.readyState === WebSocket.CLOSED) return;
      socket.terminate();
      await closed;
    },
  };
  return client;
}
