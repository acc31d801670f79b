import type { Writable } from 'node:stream';
import { WebSocket } from 'ws';
import { GATEWAY_CLOSE } from '../../protocol/agent-protocol.ts';
import type { GatewayErrorCode, GatewayFrame } from '../../protocol/agent-protocol.ts';

/** A reader that leaves more than this unread is dropped; it resumes by number. */
const MAX_UNREAD_BYTES = 8 * 1024 * 1024;
/** With more than this unread, a backfill waits. */
const SLOW_BYTES = 256 * 1024;
/** How long the other end gets to read the goodbye. */
const CLOSE_LIMIT_MS = 5000;

/** The sending side of one socket. */
export interface SocketLine {
  send(frame: GatewayFrame): void;
  /** Resolves when the reader has room for more, or is gone. */
  sendSlowly(frame: GatewayFrame): Promise<void>;
  refuse(requestId: number | undefined, code: GatewayErrorCode, message: string): void;
  /** Says why and hangs up, whether or not the other end answers. */
  close(code: number, reason: string): void;
}

/** `transport` is the stream below the socket. */
export function makeSocketLine(socket: WebSocket, transport: Writable): SocketLine {
  function close(code: number, reason: string): void {
    if (socket.readyState !== WebSocket.OPEN) return;
    socket.close(code, reason);
    setTimeout(() => socket.terminate(), CLOSE_LIMIT_MS).unref();
  }

  /** What is sent in one tick leaves in one piece, so that its reader takes it as one batch. */
  function inOneGo(): void {
    if (transport.writableCorked > 0) return;
    transport.cork();
    process.nextTick(() => transport.uncork());
  }

  function send(frame: GatewayFrame): void {
    if (socket.readyState !== WebSocket.OPEN) return;
    inOneGo();
    socket.send(JSON.stringify(frame));
    if (socket.bufferedAmount > MAX_UNREAD_BYTES) close(GATEWAY_CLOSE.slowReader, 'too slow; resume by number');
  }

  return {
    send,
    async sendSlowly(frame) {
      if (socket.readyState !== WebSocket.OPEN) return;
      if (socket.bufferedAmount < SLOW_BYTES) return send(frame);
      await new Promise<void>((resolve) => socket.send(JSON.stringify(frame), () => resolve()));
    },
    refuse(requestId, code, message) {
      send({ type: 'error', ...(requestId === undefined ? {} : { request_id: requestId }), code, message });
    },
    close,
  };
}
