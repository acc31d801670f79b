import type { WebSocket } from 'ws';

/** Cuts sockets that show nothing for a whole round of pings: such a peer is gone, whatever its socket says. */
export function pingAll(
  sockets: () => Iterable<WebSocket>,
  intervalMs: number,
  cut: (socket: WebSocket) => void,
): () => void {
  const silent = new WeakSet<WebSocket>();

  function ask(socket: WebSocket): void {
    const heard = (): void => {
      silent.delete(socket);
      socket.off('pong', heard);
      socket.off('message', heard);
    };
    silent.add(socket);
    socket.on('pong', heard);
    socket.on('message', heard);
    socket.ping();
  }

  const timer = setInterval(() => {
    for (const socket of sockets()) {
      // Whatever came on one that we hold back ourselves is not read.
      if (socket.isPaused) silent.delete(socket);
      else if (silent.has(socket)) cut(socket);
      else ask(socket);
    }
  }, intervalMs);
  timer.unref();
  return () => clearInterval(timer);
}
