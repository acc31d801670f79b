import type { WebSocket, WebSocketServer } from 'ws';
import type { GatewayLogger } from './logger.ts';

/** Cuts sockets that miss a whole round of pings: such a peer is gone, whatever its socket says. */
export function pingAll(sockets: WebSocketServer, intervalMs: number, logger: GatewayLogger): () => void {
  const silent = new WeakSet<WebSocket>();
  sockets.on('connection', (socket) => socket.on('pong', () => silent.delete(socket)));
  const timer = setInterval(() => {
    for (const socket of sockets.clients) {
      if (silent.has(socket)) {
        logger.warn({ after_ms: intervalMs }, 'a socket answered no ping: it is cut');
        socket.terminate();
        continue;
      }
      silent.add(socket);
      socket.ping();
    }
  }, intervalMs);
  timer.unref();
  return () => clearInterval(timer);
}
