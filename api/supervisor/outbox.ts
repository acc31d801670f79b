import type { WebSocket } from 'ws';
import { errors } from '../../domain/errors.ts';
import { toErrorBody } from '../error-body.ts';
import { CLOSE_CODES } from './close-codes.ts';
import type { Answer } from './frames.ts';

/** The way out of one socket; it never holds more than its limit for a reader that does not read. */
export interface Outbox {
  /** Sends now; a reader that is too far behind is told so and dropped. */
  send(frame: Answer): void;
  /** Sends and resolves when the frame has left; throws `SLOW_READER` when it does not within the time. */
  sendInTurn(frame: Answer): Promise<void>;
  /** Tells the reader that it is too slow, and closes. */
  dropSlowReader(requestId: string): void;
}

/** Makes the outbox of a socket. */
export function makeOutbox(socket: WebSocket, limits: { bufferedBytes: number; stallMs: number }): Outbox {
  let isDropped = false;

  const dropSlowReader = (requestId: string): void => {
    if (isDropped) return;
    isDropped = true;
    socket.send(JSON.stringify(toErrorBody(errors.slowReader(), requestId)));
    socket.close(CLOSE_CODES.slowReader, 'slow reader');
    // What waits for a reader that does not read would keep the closing frame back for ever.
    setTimeout(() => socket.terminate(), limits.stallMs).unref();
  };

  const isOpen = (): boolean => !isDropped && socket.readyState === socket.OPEN;

  return {
    dropSlowReader,
    send(frame) {
      if (!isOpen()) return;
      if (socket.bufferedAmount > limits.bufferedBytes) return dropSlowReader('slow-reader');
      socket.send(JSON.stringify(frame));
    },
    async sendInTurn(frame) {
      if (!isOpen()) return;
      await new Promise<void>((resolve, reject) => {
        const timer = setTimeout(() => reject(errors.slowReader()), limits.stallMs);
        socket.send(JSON.stringify(frame), () => {
          clearTimeout(timer);
          resolve();
        });
      });
    },
  };
}
