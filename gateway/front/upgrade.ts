import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { WebSocketServer } from 'ws';
import { isForeignOrigin } from '../../protocol/http-access.ts';
import { AGENT_PROTOCOL } from '../../protocol/agent-protocol.ts';

/** What a plain request for the socket's address is told. */
export const GREETING =
  `This is the xswarm gateway. It speaks the WebSocket sub-protocol ${AGENT_PROTOCOL}: ` +
  `connect with a WebSocket client, "Authorization: Bearer <token>" and "Sec-WebSocket-Protocol: ${AGENT_PROTOCOL}".`;

/** Decides on each wish to become a WebSocket; who is refused is told why. */
export function makeUpgrade(options: {
  sockets: WebSocketServer;
  hasToken: (request: IncomingMessage) => boolean;
  isClosing: () => boolean;
}): (request: IncomingMessage, socket: Duplex, head: Buffer) => void {
  return (request, socket, head) => {
    // The peer may be gone while it is being refused.
    socket.on('error', () => socket.destroy());
    const refusal = refuse(request, options);
    if (refusal === null) {
      options.sockets.handleUpgrade(request, socket, head, (ws) => options.sockets.emit('connection', ws, request));
      return;
    }
    socket.end(
      `HTTP/1.1 ${refusal.status}\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n` +
        `${refusal.headers ?? ''}Content-Length: ${Buffer.byteLength(refusal.text)}\r\n\r\n${refusal.text}`,
    );
  };
}

interface Refusal {
  status: string;
  headers?: string;
  text: string;
}

function refuse(
  request: IncomingMessage,
  options: { hasToken: (request: IncomingMessage) => boolean; isClosing: () => boolean },
): Refusal | null {
  if (options.isClosing()) return { status: '503 Service Unavailable', text: 'The gateway is stopping.\n' };
  if (isForeignOrigin(request.headers.origin, request.headers.host)) {
    return { status: '403 Forbidden', text: 'The gateway does not talk to web pages of other origins.\n' };
  }
  if (request.headers['sec-websocket-key'] === undefined) {
    const headers = 'Upgrade: websocket\r\n';
    return { status: '426 Upgrade Required', headers, text: `${GREETING} This request has no Sec-WebSocket-Key.\n` };
  }
  if (!options.hasToken(request)) {
    const headers = 'WWW-Authenticate: Bearer\r\n';
    return { status: '401 Unauthorized', headers, text: `${GREETING} The token is missing or wrong.\n` };
  }
  const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim());
  if (!offered.includes(AGENT_PROTOCOL)) {
    return { status: '400 Bad Request', text: `${GREETING} This request does not offer the sub-protocol.\n` };
  }
  return null;
}
