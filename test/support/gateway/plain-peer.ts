import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'ws';
import type { WebSocket } from 'ws';

/** The guide's Message, as it arrives at an agent. */
export interface PeerMessage {
  id: string;
  session_id: string;
  content: string;
  timestamp: string;
  context?: Record<string, unknown>;
}

/** The guide's Response, as an agent answers. */
export interface PeerResponse {
  id: string;
  message_id: string;
  content: string;
  timestamp: string;
  cost_usd?: number;
  status: string;
}

/** A server that speaks the guide's bare frames and nothing else: no sub-protocol, no journal, no leases. */
export interface PlainPeer {
  url: string;
  /** Every message that arrived, repeats included. */
  messages: PeerMessage[];
  /** The `Authorization` header of each connection. */
  authorizations: (string | undefined)[];
  readonly connections: number;
  /** Cuts all sockets, as a peer that crashes does. */
  cut(): void;
  close(): Promise<void>;
}

/** What a peer answers; null: nothing at all. */
export type PeerAnswer = (message: PeerMessage) => Partial<PeerResponse> | null | Promise<Partial<PeerResponse> | null>;

/** Starts a peer on a free port. Without `answer` it echoes, for 0.01 US dollars. */
export async function startPlainPeer(answer: PeerAnswer = () => ({})): Promise<PlainPeer> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', handleProtocols: () => false });
  await once(server, 'listening');
  const messages: PeerMessage[] = [];
  const authorizations: (string | undefined)[] = [];

  async function reply(socket: WebSocket, message: PeerMessage): Promise<void> {
    const chosen = await answer(message);
    if (chosen === null || socket.readyState !== socket.OPEN) return;
    const response: PeerResponse = {
      id: randomUUID(),
      message_id: message.id,
      content: `Peer says: ${message.content}`,
      timestamp: new Date().toISOString(),
      cost_usd: 0.01,
      status: 'completed',
      ...chosen,
    };
    socket.send(JSON.stringify(response));
  }

  server.on('connection', (socket, request) => {
    authorizations.push(request.headers.authorization);
    socket.on('error', () => undefined);
    socket.on('message', (data: Buffer) => {
      const message = JSON.parse(data.toString()) as PeerMessage;
      messages.push(message);
      reply(socket, message).catch((error: unknown) => socket.close(1011, String(error)));
    });
  });

  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`,
    messages,
    authorizations,
    get connections() {
      return server.clients.size;
    },
    cut() {
      for (const socket of server.clients) socket.terminate();
    },
    async close() {
      for (const socket of server.clients) socket.terminate();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
