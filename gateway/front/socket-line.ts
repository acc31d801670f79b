import type { Writable } from 'node:stream';
import { WebSocket } from 'ws';
import { GATEWAY_CLOSE } from '../../protocol/agent-protocol.ts';
import type { GatewayErrorCode, GatewayFrame } from '../../protocol/agent-protocol.ts';

/** A reader that leaves more than this unread is disconnected; it resumes by number. */
const MAX_UNREAD_BYTES = 8 * 1024 * 1024;
/** With more than this unread, a backfill waits. */
const SLOW_BYTES = 256 * 1024;
/** How long the other end has to read the goodbye. */
const CLOSE_LIMIT_MS = 5000;

/** The sending side of one socket. `transport` is the stream below the socket. */
export class SocketLine {
  readonly #socket: WebSocket;
  readonly #transport: Writable;

  constructor(socket: WebSocket, transport: Writable) {
    this.#socket = socket;
    this.#transport = transport;
  }

  send(frame: GatewayFrame): void {
    if (this.#socket.readyState !== WebSocket.OPEN) return;
    this.#inOnePiece();
    this.#socket.send(JSON.stringify(frame));
    if (this.#socket.bufferedAmount > MAX_UNREAD_BYTES) {
      this.close(GATEWAY_CLOSE.slowReader, 'too slow; resume by number');
    }
  }

  /** Resolves when the reader has room for more, or is gone. */
  async sendSlowly(frame: GatewayFrame): Promise<void> {
    if (this.#socket.readyState !== WebSocket.OPEN) return;
    if (this.#socket.bufferedAmount < SLOW_BYTES) return this.send(frame);
    await new Promise<void>((resolve) => this.#socket.send(JSON.stringify(frame), () => resolve()));
  }

  refuse(requestId: number | undefined, code: GatewayErrorCode, message: string): void {
    this.send({ type: 'error', ...(requestId === undefined ? {} : { request_id: requestId }), code, message });
  }

  /** Closes the socket with the reason, whether or not the other end answers. */
  close(code: number, reason: string): void {
    if (this.#socket.readyState !== WebSocket.OPEN) return;
    this.#socket.close(code, reason);
    setTimeout(() => this.#socket.terminate(), CLOSE_LIMIT_MS).unref();
  }

  /** What is sent in one tick leaves in one piece, so that its reader takes it as one batch. */
  #inOnePiece(): void {
    if (this.#transport.writableCorked > 0) return;
    this.#transport.cork();
    process.nextTick(() => this.#transport.uncork());
  }
}
