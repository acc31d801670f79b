import { createServer } from 'node:net';
import { isLoopbackHost } from '../../protocol/http-access.ts';

/** A port that a part is going to listen on, and the key that changes it. */
export interface WantedPort {
  /** `section.name` of the configuration. */
  key: string;
  host: string;
  port: number;
  /** What is going to listen, in words. */
  what: string;
}

/** Tells why a port cannot be listened on; null when it can. */
export async function whyNotFree(wanted: WantedPort): Promise<string | null> {
  const problem = await tryToListen(wanted.port, wanted.host);
  if (problem === null) return null;
  const [section = '', name = ''] = wanted.key.split('.');
  const variable = `XSWARM_${section}_${name}`.toUpperCase();
  const change = `or set [${section}] ${name} (${variable}) to another one`;
  if (problem === 'EADDRINUSE') {
    return `Port ${wanted.port} for ${wanted.what} is taken by another program: end that one, ${change}`;
  }
  if (problem === 'EACCES')
    return `Port ${wanted.port} for ${wanted.what} needs rights that this user has not: ${change}`;
  if (problem === 'EADDRNOTAVAIL' || problem === 'ENOTFOUND') {
    return `${wanted.host} for ${wanted.what} is no address of this machine: set [${section}] host to one that is`;
  }
  return `Cannot listen on ${wanted.host}:${wanted.port} for ${wanted.what} (${problem}): ${change}`;
}

async function tryToListen(port: number, host: string): Promise<string | null> {
  // A server on all addresses leaves a loopback address free to bind on some systems, so both are tried.
  const hosts = isLoopbackHost(host) && host !== '::1' ? [host, '0.0.0.0'] : [host];
  for (const one of hosts) {
    const problem = await listenOnce(port, one);
    if (problem !== null) return problem;
  }
  return null;
}

async function listenOnce(port: number, host: string): Promise<string | null> {
  return await new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(null)));
  });
}
