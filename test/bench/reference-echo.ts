import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { WebSocket, WebSocketServer } from 'ws';

/** Reference (b): a bare WebSocket that sends back what it gets. */
export async function startEcho(): Promise<{ call(): Promise<void>; stop(): void }> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false });
  await once(server, 'listening');
  server.on('connection', (socket) => socket.on('message', (data) => socket.send(data as Buffer)));
  const socket = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
  await once(socket, 'open');
  return {
    async call() {
      socket.send('{"message":"hello"}');
      await once(socket, 'message');
    },
    stop() {
      socket.terminate();
      server.close();
    },
  };
}
