import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** A TCP line between two parts that can be cut, frozen or taken down. */
export interface TcpProxy {
  readonly port: number;
  /** Resets all connections; new ones go through. Gives their number. */
  cut(): number;
  /** Lets nothing through while the connections stay, as a dead network does. */
  freeze(): void;
  thaw(): void;
  /** Cuts, and refuses new connections until `up`. */
  down(): Promise<void>;
  up(): Promise<void>;
  close(): Promise<void>;
}

/** Starts a proxy on a free loopback port. */
export async function startTcpProxy(targetPort: number): Promise<TcpProxy> {
  const pairs = new Set<[Socket, Socket]>();
  let frozen = false;
  let server: Server | null = null;
  let port = 0;

  function serve(near: Socket): void {
    const far = connect({ port: targetPort, host: '127.0.0.1' });
    const pair: [Socket, Socket] = [near, far];
    pairs.add(pair);
    for (const [from, to] of [pair, [far, near]] as const) {
      from.setNoDelay(true);
      from.pipe(to);
      from.on('error', () => reset(to));
      from.on('close', () => {
        pairs.delete(pair);
        to.destroy();
      });
      if (frozen) from.pause();
    }
  }

  async function listen(): Promise<void> {
    server = createServer(serve);
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    port = (server.address() as AddressInfo).port;
  }

  function cut(): number {
    const count = pairs.size;
    for (const [near, far] of pairs) {
      reset(near);
      reset(far);
    }
    pairs.clear();
    return count;
  }

  async function down(): Promise<void> {
    const closing = server;
    server = null;
    if (closing === null) return;
    const closed = new Promise((resolve) => closing.close(resolve));
    cut();
    await closed;
  }

  await listen();
  return {
    port,
    cut,
    freeze() {
      frozen = true;
      for (const pair of pairs) for (const socket of pair) socket.pause();
    },
    thaw() {
      frozen = false;
      for (const pair of pairs) for (const socket of pair) socket.resume();
    },
    down,
    async up() {
      if (server === null) await listen();
    },
    close: down,
  };
}

/** A socket that is not connected yet, or not any more, cannot be reset: Node would keep its handle for ever. */
function reset(socket: Socket): void {
  socket.unref();
  if (socket.readyState === 'open') socket.resetAndDestroy();
  else socket.destroy();
}
