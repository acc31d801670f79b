import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { XswarmError, errors } from '../domain/errors.ts';
import { toErrorBody } from './error-body.ts';
import { isLoopbackHost } from '../protocol/http-access.ts';
import { makeOpenCalls } from './open-calls.ts';
import { DEFAULT_LIMITS } from './options.ts';
import type { ApiOptions, Listen } from './options.ts';
import { FailedLogins } from './access/failed-logins.ts';
import { makeRateLimiter } from './access/rate-limit.ts';
import { restApp } from './rest/app.ts';
import { startSessionFeed } from './streams/session-feed.ts';
import { makeSupervisorServer } from './supervisor/supervisor-server.ts';

/** The two doors, open. */
export interface ApiServer {
  restUrl: string;
  supervisorUrl: string;
  /** Stops listening, ends waits and streams, closes sockets with 1001; after 3 s what is left is cut. */
  close(): Promise<void>;
}

const KEEP_ALIVE_MS = 65_000;
const IDLE_SWEEP_MS = 20;

/** What Node tells about requests that it could not read. */
const UNREAD: Readonly<Record<string, [status: string, why: string]>> = {
  HPE_HEADER_OVERFLOW: ['431 Request Header Fields Too Large', 'the headers are too large'],
  ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', 'it did not come in time'],
};

async function listen(server: Server, { host, port }: Listen): Promise<AddressInfo> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.removeListener('error', reject);
      resolve();
    });
  });
  return server.address() as AddressInfo;
}

async function stopped(server: Server): Promise<void> {
  if (!server.listening) return;
  // A connection whose last answer goes out while the server closes falls idle and would be kept alive.
  const sweep = setInterval(() => server.closeIdleConnections(), IDLE_SWEEP_MS);
  await new Promise<void>((resolve) => server.close(() => resolve()));
  clearInterval(sweep);
}

function urlOf(scheme: string, { family, address, port }: AddressInfo): string {
  return `${scheme}://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
}

function makeRestServer(app: ReturnType<typeof restApp>): Server {
  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, app);
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
    const [status, why] = UNREAD[error.code ?? ''] ?? ['400 Bad Request', 'this is not HTTP'];
    const body = JSON.stringify(toErrorBody(errors.invalidRequest(`Invalid request: ${why}`), 'unread'));
    const length = Buffer.byteLength(body);
    socket.end(
      `HTTP/1.1 ${status}\r\nContent-Type: application/json\r\nContent-Length: ${length}\r\nConnection: close\r\n\r\n${body}`,
    );
  });
  return server;
}

/**
 * Opens REST and the supervisor socket over one service. Throws before it listens when local mode would be reachable
 * from elsewhere, and leaves nothing open when a port is taken.
 */
export async function startApi(options: ApiOptions): Promise<ApiServer> {
  if (options.auth === 'local' && !isLoopbackHost(options.rest.host)) {
    throw errors.invalidRequest(
      `Cannot listen on ${options.rest.host} with auth = "local": set server.auth to "token", or server.host to 127.0.0.1`,
    );
  }
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const feed = startSessionFeed({ service: options.service, logger: options.logger });
  const calls = makeOpenCalls(limits.recheckMs);
  const failed = new FailedLogins();
  const limiter = makeRateLimiter(options.rateLimitPerMinute);
  const rest = makeRestServer(
    restApp(options, { limits, feed, calls, streams: makeOpenCalls(limits.recheckMs), limiter, failed }),
  );
  const supervisor = makeSupervisorServer(options, { feed, limits, failed });
  let closing: Promise<void> | null = null;

  const close = async (): Promise<void> => {
    calls.abortAll(
      new XswarmError('UNAVAILABLE', 'The server stops: call again', { details: { retry_after_seconds: 2 } }),
    );
    feed.close();
    supervisor.closeSockets();
    const cut = setTimeout(() => {
      rest.closeAllConnections();
      supervisor.terminateSockets();
      supervisor.server.closeAllConnections();
    }, limits.closeMs);
    await Promise.all([stopped(rest), stopped(supervisor.server)]);
    clearTimeout(cut);
  };

  try {
    const restAddress = await listen(rest, options.rest);
    const supervisorAddress = await listen(supervisor.server, options.supervisor);
    return {
      restUrl: urlOf('http', restAddress),
      supervisorUrl: urlOf('ws', supervisorAddress),
      close: () => (closing ??= close()),
    };
  } catch (error) {
    await close();
    throw error;
  }
}
