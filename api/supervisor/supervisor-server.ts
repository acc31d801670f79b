import { createServer } from 'node:http';
import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { errors, type XswarmError } from '../../domain/errors.ts';
import { pingAll } from '../../protocol/ping-all.ts';
import { toErrorBody } from '../error-body.ts';
import type { ApiOptions, ApiLimits } from '../options.ts';
import { makeRateLimiter } from '../access/rate-limit.ts';
import { bearerToken, whyForeign } from '../../protocol/http-access.ts';
import type { SessionFeed } from '../streams/session-feed.ts';
import { makeAuthenticate } from './authenticate.ts';
import { CLOSE_CODES } from './close-codes.ts';
import { serveConnection, type KnownCaller } from './connection.ts';
import { makeEndWatch } from './end-watch.ts';

/** The supervisor door: an HTTP server that takes upgrades, and how to end its sockets. */
export interface SupervisorServer {
  server: Server;
  /** Closes every socket with 1001. */
  closeSockets(): void;
  /** Cuts what did not close by itself. */
  terminateSockets(): void;
}

function refuseUpgrade(socket: Duplex, status: string, error: XswarmError): void {
  const body = JSON.stringify(toErrorBody(error, 'upgrade'));
  const head = [
    `HTTP/1.1 ${status}`,
    'Content-Type: application/json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}

/** Makes the supervisor door; the caller listens. */
export function makeSupervisorServer(
  options: ApiOptions,
  { feed, limits }: { feed: SessionFeed; limits: ApiLimits },
): SupervisorServer {
  const { auth, service, users, supervisorToken, logger, rateLimitPerMinute } = options;
  const authenticate = makeAuthenticate({ users, supervisorToken });
  const limiter = makeRateLimiter(rateLimitPerMinute);
  const endWatch = makeEndWatch(feed);
  const sockets = new WebSocketServer({ noServer: true, maxPayload: limits.frameBytes, perMessageDeflate: false });
  const stopPinging = pingAll(
    () => sockets.clients,
    limits.pingMs,
    (socket) => socket.terminate(),
  );

  const server = createServer((_req, res) => {
    const error = errors.invalidRequest('This is the supervisor socket: connect with WebSocket');
    res.writeHead(426, {
      'content-type': 'application/json; charset=utf-8',
      upgrade: 'websocket',
      connection: 'upgrade',
    });
    res.end(JSON.stringify(toErrorBody(error, 'upgrade')));
  });

  const callerOf = (req: IncomingMessage): KnownCaller => {
    const token = bearerToken(req.headers.authorization);
    return token === null ? null : (authenticate(token) ?? 'refused');
  };

  server.on('upgrade', (req, socket, head) => {
    socket.on('error', (error) => logger.debug({ err: error }, 'Supervisor upgrade failed'));
    const { origin, host } = req.headers;
    const why = whyForeign(auth === 'token' ? { origin, host } : req.headers);
    if (why !== null) return refuseUpgrade(socket, '403 Forbidden', errors.forbidden(why));
    if (sockets.clients.size >= limits.maxConnections) {
      return refuseUpgrade(socket, '429 Too Many Requests', errors.rateLimited(5));
    }
    try {
      const caller = callerOf(req);
      sockets.handleUpgrade(req, socket, head, (ws) => {
        sockets.emit('connection', ws, req);
        serveConnection(ws, req.socket.remoteAddress ?? '', caller, {
          service,
          endWatch,
          authenticate,
          limiter,
          limits,
          logger,
        });
      });
    } catch (error) {
      logger.error({ err: error }, 'Supervisor upgrade failed unexpectedly');
      refuseUpgrade(socket, '503 Service Unavailable', errors.unavailable('The database', error));
    }
  });

  return {
    server,
    closeSockets() {
      stopPinging();
      endWatch.close();
      for (const socket of sockets.clients) socket.close(CLOSE_CODES.goingAway, 'the server stops');
    },
    terminateSockets() {
      for (const socket of sockets.clients) socket.terminate();
    },
  };
}
