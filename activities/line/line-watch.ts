import type { WebSocket } from 'ws';
import { pingAll } from '../../protocol/ping-all.ts';

/** Watches over the lines that somebody waits on; one that nobody waits on costs nothing. */
export interface LineWatch {
  /** Runs `wait`; the line is cut meanwhile when its other end shows nothing for a whole round. */
  during<T>(socket: WebSocket, wait: () => Promise<T>): Promise<T>;
  stop(): void;
}

/** Pings every `roundMs`, all lines with one timer. */
export function makeLineWatch(roundMs: number): LineWatch {
  const waits = new Map<WebSocket, number>();
  const stop = pingAll(
    () => waits.keys(),
    roundMs,
    (socket) => socket.terminate(),
  );

  function count(socket: WebSocket, by: 1 | -1): void {
    const left = (waits.get(socket) ?? 0) + by;
    if (left === 0) waits.delete(socket);
    else waits.set(socket, left);
  }

  return {
    async during(socket, wait) {
      count(socket, 1);
      try {
        return await wait();
      } finally {
        count(socket, -1);
      }
    },
    stop,
  };
}
