import { createServer } from 'node:http';
import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { errors, XswarmError } from '../../domain/errors.ts';
import { pingAll } from '../../protocol/ping-all.ts';
import { toErrorBody } from '../error-body.ts';
import type { ApiOptions, ApiLimits } from '../options.ts';
import type { FailedLogins } from '../access/failed-logins.ts';
import { makeRateLimiter } from '../access/rate-limit.ts';
import { bearerToken, whyForeign } from '../../protocol/http-access.ts';
import { recordRefusal } from '../access/refusals.ts';
import type { Caller } from '../service/service.ts';
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
  { feed, limits, failed }: { feed: SessionFeed; limits: ApiLimits; failed: FailedLogins },
): SupervisorServer {
  const { auth, audit, service, users, supervisorToken, logger, rateLimitPerMinute } = options;
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

  const logIn = (address: string, token: string): Caller | null => failed.attempt(address, token, authenticate);

  const callerOf = (req: IncomingMessage): KnownCaller => {
    const token = bearerToken(req.headers.authorization);
    if (token === null) return null;
    const caller = logIn(req.socket.remoteAddress ?? '', token);
    return caller === null ? 'refused' : { caller, secret: token };
  };

  server.on('upgrade', (req, socket, head) => {
    socket.on('error', (error) => logger.debug({ err: error }, 'Supervisor upgrade failed'));
    const { origin, host } = req.headers;
    const why = whyForeign(auth === 'token' ? { origin, host } : req.headers);
    if (why !== null) {
      const error = errors.forbidden(why);
      recordRefusal(audit, error, { caller: null, door: 'socket', object: 'upgrade' });
      return refuseUpgrade(socket, '403 Forbidden', error);
    }
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
          logIn,
          authenticate,
          audit,
          limiter,
          limits,
          logger,
        });
      });
    } catch (error) {
      if (error instanceof XswarmError && error.code === 'RATE_LIMITED') {
        return refuseUpgrade(socket, '429 Too Many Requests', error);
      }
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
