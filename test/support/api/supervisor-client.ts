import { once } from 'node:events';
import { WebSocket } from 'ws';

/** A frame that came from the supervisor socket. */
export type Frame = Record<string, unknown> & { type: string };

/** A client of the supervisor socket that keeps every frame. */
export interface SupervisorClient {
  socket: WebSocket;
  frames: Frame[];
  send(frame: object | string | Buffer): void;
  /** The first frame, of those that came already too, that has all these fields; fails after 5 s. */
  next(wanted: Record<string, unknown>): Promise<Frame>;
  /** Sends with a request id of its own and gives the answer to it. */
  ask(frame: object): Promise<Frame>;
  /** The code that the socket was closed with. */
  closed: Promise<number>;
  close(): Promise<void>;
}

function has(frame: Frame, wanted: Record<string, unknown>): boolean {
  return Object.entries(wanted).every(([key, value]) => frame[key] === value);
}

/** Connects; with a token in the header, without one the test sends `auth` itself. */
export async function connectSupervisor(url: string, token?: string): Promise<SupervisorClient> {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const socket = new WebSocket(url, { headers });
  const frames: Frame[] = [];
  const waiting = new Set<() => void>();
  let lastId = 0;
  const wake = (): void => waiting.forEach((look) => look());
  socket.on('message', (data: Buffer) => {
    frames.push(JSON.parse(data.toString()) as Frame);
    wake();
  });
  socket.on('error', () => undefined);
  const closed = new Promise<number>((resolve) => socket.once('close', (code) => resolve(code)));
  await once(socket, 'open');

  const next = (wanted: Record<string, unknown>): Promise<Frame> =>
    new Promise((resolve, reject) => {
      const give = (): boolean => {
        const found = frames.find((frame) => has(frame, wanted));
        if (found !== undefined) resolve(found);
        return found !== undefined;
      };
      if (give()) return;
      const timer = setTimeout(() => {
        waiting.delete(look);
        reject(new Error(`No frame with ${JSON.stringify(wanted)} among ${JSON.stringify(frames.slice(-5))}`));
      }, 30_000);
      const look = (): void => {
        if (!give()) return;
        clearTimeout(timer);
        waiting.delete(look);
      };
      waiting.add(look);
    });
  const send = (frame: object | string | Buffer): void =>
    socket.send(typeof frame === 'string' || Buffer.isBuffer(frame) ? frame : JSON.stringify(frame));

  return {
    socket,
    frames,
    send,
    next,
    closed,
    async ask(frame) {
      lastId += 1;
      const request_id = `ask-${lastId}`;
      send({ ...frame, request_id });
      return await next({ request_id });
    },
    async close() {
      socket.close();
      await closed;
    },
  };
}
