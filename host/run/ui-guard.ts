import { randomInt } from 'node:crypto';
import { createServer, request, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream';
import { isLoopbackHostHeader, whyForeign } from '../../protocol/http-access.ts';

/** Where a server listens. */
interface Address {
  host: string;
  port: number;
}

/** Headers that belong to one connection. The Web UI uses no WebSocket, so an upgrade is passed on as an ordinary request. */
const OF_CONNECTION = ['connection', 'keep-alive', 'proxy-connection', 'te', 'trailer', 'transfer-encoding', 'upgrade'];

/**
 * Stands on the port of Temporal's Web UI and passes on what comes from the UI's own pages or from a program of this machine.
 * The Web UI itself checks neither the host name nor the origin, so any web page could reach it by a name that resolves to
 * loopback, and terminate sessions.
 */
export class UiGuard {
  /** Where the Web UI must listen. */
  readonly target: Address;
  readonly #server: Server;

  private constructor(target: Address) {
    this.target = target;
    this.#server = createServer((req, res) => this.#answer(req, res));
  }

  /** Listens on a port of loopback, in front of an address that it chooses. Throws when the port is taken. */
  static async listen(port: number): Promise<UiGuard> {
    const guard = new UiGuard(await hiddenAddress());
    await listen(guard.#server, { host: '127.0.0.1', port });
    return guard;
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  #answer(req: IncomingMessage, res: ServerResponse): void {
    const why = whyRefused(req);
    if (why !== null) return void res.writeHead(403, { 'content-type': 'text/plain' }).end(`${why}\n`);
    const headers = Object.fromEntries(Object.entries(req.headers).filter(([name]) => !OF_CONNECTION.includes(name)));
    const passed = request({ ...this.target, method: req.method, path: req.url, headers }, (answer) => {
      res.writeHead(answer.statusCode ?? 502, { ...answer.headers, 'x-frame-options': 'DENY' });
      // An answer that breaks off breaks off here too.
      pipeline(answer, res, () => undefined);
    });
    passed.once('error', () => {
      if (res.headersSent) return void res.destroy();
      res.writeHead(502, { 'content-type': 'text/plain' }).end("Temporal's Web UI does not respond\n");
    });
    res.once('close', () => passed.destroy());
    pipeline(req, passed, () => undefined);
  }
}

function whyRefused(req: IncomingMessage): string | null {
  if (!isLoopbackHostHeader(req.headers.host)) return 'Host is foreign: use localhost or 127.0.0.1';
  return whyForeign(isFollowedLink(req) ? { ...req.headers, 'sec-fetch-site': 'none' } : req.headers);
}

/** A link to a page of the UI may be followed from the dashboard: the page holds no data until its own scripts ask for it. */
function isFollowedLink({ method, url, headers }: IncomingMessage): boolean {
  if (headers['sec-fetch-mode'] !== 'navigate' || headers['sec-fetch-dest'] !== 'document') return false;
  return method === 'GET' && !(url ?? '').startsWith('/api/');
}

/**
 * Returns an address on loopback for the Web UI behind the guard. On Linux all of 127.0.0.0/8 is loopback, and no web page finds
 * one address among 16 million; elsewhere only the port is random.
 */
async function hiddenAddress(): Promise<Address> {
  const host =
    process.platform === 'linux' ? ['127', ...[0, 0, 0].map(() => randomInt(1, 255))].join('.') : '127.0.0.1';
  const server = createServer();
  await listen(server, { host, port: 0 });
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return { host, port };
}

async function listen(server: Server, { host, port }: Address): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.removeListener('error', reject);
      resolve();
    });
  });
}
