import type { WebSocket } from 'ws';

/** Cuts sockets that show nothing for a whole round of pings: such a peer is gone, whatever its socket says. */
export function pingAll(
  sockets: () => Iterable<WebSocket>,
  intervalMs: number,
  cut: (socket: WebSocket) => void,
): () => void {
  let silent = new WeakSet<WebSocket>();
  let lastRound = Date.now();

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
    const now = Date.now();
    // This process stood still itself, and what came meanwhile is not read yet.
    if (now - lastRound > 1.5 * intervalMs) silent = new WeakSet();
    lastRound = now;
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
