import { createServer } from 'node:net';
import { isLoopbackHost } from '../../protocol/http-access.ts';
import { runsOwnGateway } from '../config/derive.ts';
import type { Config } from '../config/sections.ts';

/** A port that a part listens on, and the key that changes it. */
export interface WantedPort {
  /** `section.name` of the configuration. */
  key: string;
  host: string;
  port: number;
  /** What listens there, in words. */
  what: string;
}

/** Returns the ports that everything on one machine listens on. */
export function wantedPorts(config: Config): WantedPort[] {
  const { temporal } = config;
  const ports = [...apiPorts(config)];
  if (runsOwnGateway(config)) ports.push(gatewayPort(config));
  if (temporal.address === '') {
    const host = '127.0.0.1';
    ports.push({ key: 'temporal.port', host, port: temporal.port, what: 'Temporal' });
    ports.push({ key: 'temporal.ui_port', host, port: temporal.ui_port, what: "Temporal's Web UI" });
  }
  return ports;
}

/** Returns the ports of REST and the supervisor socket. */
export function apiPorts({ server, supervisor }: Config): WantedPort[] {
  return [
    { key: 'server.port', host: server.host, port: server.port, what: 'REST' },
    { key: 'supervisor.port', host: supervisor.host, port: supervisor.port, what: 'the supervisor socket' },
  ];
}

/** Returns the gateway's port. */
export function gatewayPort({ gateway }: Config): WantedPort {
  return { key: 'gateway.port', host: gateway.host, port: gateway.port, what: 'the gateway' };
}

/** A port cannot be listened on; the message is one sentence that says what to change. */
export class PortUnavailable extends Error {
  readonly code = 'PORT_UNAVAILABLE';

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'PortUnavailable';
  }
}

/** Returns why a port cannot be listened on; null when it can. */
export async function whyNotFree(wanted: WantedPort): Promise<string | null> {
  const problem = await tryToListen(wanted.port, wanted.host);
  return problem === null ? null : portProblem(wanted, problem);
}

/** Says in one sentence why listening on a port failed with a system error, and what to change. */
export function portProblem(wanted: WantedPort, problem: string): string {
  const [section = '', name = ''] = wanted.key.split('.');
  const variable = `XSWARM_${section}_${name}`.toUpperCase();
  const change = `or set [${section}] ${name} (${variable}) to another port`;
  if (problem === 'EADDRINUSE') {
    return `Port ${wanted.port} for ${wanted.what} is taken by another program: end that program, ${change}`;
  }
  if (problem === 'EACCES') {
    return `Port ${wanted.port} for ${wanted.what} needs more rights: run xswarm as a user that may use it, ${change}`;
  }
  if (problem === 'EADDRNOTAVAIL' || problem === 'ENOTFOUND') {
    return `${wanted.host} for ${wanted.what} is not an address of this machine: set [${section}] host to one that is`;
  }
  return `Cannot listen on ${wanted.host}:${wanted.port} for ${wanted.what} (${problem}): correct [${section}] host, ${change}`;
}

async function tryToListen(port: number, host: string): Promise<string | null> {
  // On some systems a loopback address can be bound while another server listens on all addresses, so both are tried.
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
