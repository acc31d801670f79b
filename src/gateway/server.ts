import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { totalmem } from 'node:os';
import { WebSocketServer } from 'ws';
import type { WebSocket } from 'ws';
import { XswarmError } from '../domain/errors.ts';
import type { PermissionMode } from '../domain/session.ts';
import { makeAgentPool } from './agent-pool.ts';
import { makeTokenCheck } from './bearer-token.ts';
import { chooseDriver } from './choose-driver.ts';
import type { AgentChoice } from './choose-driver.ts';
import { serveConnection } from './connection.ts';
import type { ConnectionDeps } from './connection.ts';
import { makeControlRoutes } from './control-routes.ts';
import type { AgentDriver } from './drivers/driver.ts';
import { makeJournal } from './journal/journal.ts';
import type { Journal } from './journal/journal.ts';
import { makeJournalWriter } from './journal/journal-writer.ts';
import { lockDataDir, openJournalDb } from './journal/open-journal.ts';
import type { Durability } from './journal/open-journal.ts';
import type { GatewayLogger } from './logger.ts';
import { AGENT_PROTOCOL, AGENT_PROTOCOL_HEADER, GATEWAY_CLOSE } from './protocol.ts';
import { makeSessionRegistry } from './session-registry.ts';
import { sweepOrphans } from './sweep.ts';
import { makeUpgrade } from './upgrade.ts';

export interface GatewayOptions {
  host: string;
  /** 0 takes a free one. */
  port: number;
  token: string;
  /** The folder of `gateway.db`; made if it is not there. One gateway at a time. */
  dataDir: string;
  durability: Durability;
  agent: AgentChoice;
  /** What sessions get that do not choose. */
  model?: string;
  permissionMode?: PermissionMode;
  /** What Claude Code's environment is taken from, by a list. */
  env: NodeJS.ProcessEnv;
  logger: GatewayLogger;
  /** Shown in `/health`. */
  version?: string;
  /** How many agents start at once (default 2). */
  maxParallelStarts?: number;
  /** How many agent processes run at once (default: one for each 400 MiB of memory, at least 4). */
  maxAgents?: number;
  /** How long an agent may take to obey an interrupt before its process is ended (default 10 s). */
  interruptLimitMs?: number;
  /** Put around the driver and the journal; for tests that watch or break them. */
  around?: { driver?: (driver: AgentDriver) => AgentDriver; journal?: (journal: Journal) => Journal };
}

export interface Gateway {
  /** The WebSocket address. */
  url: string;
  port: number;
  /** The agent that sessions get. */
  agent: 'claude' | 'simulator';
  /** Stops within `graceMs` (default 3 s) and about a second; a second call with less makes it faster. */
  close(options?: { graceMs?: number }): Promise<void>;
}

const MAX_FRAME_BYTES = 4 * 1024 * 1024;
const PING_MS = 20_000;

/**
 * Starts a gateway and ends what an earlier one left behind. Throws `UNAVAILABLE` when the folder is in use or was
 * written by a newer version, and the system's error when the port is taken.
 */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  if (options.token === '') throw new XswarmError('INVALID_REQUEST', 'The gateway needs a token');
  mkdirSync(options.dataDir, { recursive: true, mode: 0o700 });
  const lock = lockDataDir(options.dataDir);
  try {
    return await start(options, () => lock.release());
  } catch (error) {
    lock.release();
    throw error;
  }
}

async function start(options: GatewayOptions, unlock: () => void): Promise<Gateway> {
  const { logger } = options;
  const { around } = options;
  const chosen = chooseDriver(options.agent, options.env);
  const driver = around?.driver?.(chosen) ?? chosen;
  const opened = makeJournal(openJournalDb(options.dataDir, options.durability));
  const journal = around?.journal?.(opened) ?? opened;
  let closing: Promise<void> | null = null;
  const isClosing = (): boolean => closing !== null;

  const pool = makeAgentPool({
    maxAgents: options.maxAgents ?? Math.max(4, Math.floor(totalmem() / (400 * 2 ** 20))),
    maxParallelStarts: options.maxParallelStarts ?? 2,
  });
  const defaults = { model: options.model, permission_mode: options.permissionMode };
  const interruptLimitMs = options.interruptLimitMs ?? 10_000;
  const registry = makeSessionRegistry({ driver, pool, journal, logger, defaults, interruptLimitMs }, (lastSeqOf) =>
    makeJournalWriter(journal, lastSeqOf, (error) =>
      logger.error({ err: error }, 'the journal cannot be written: trying again until it can'),
    ),
  );

  const hasToken = makeTokenCheck(options.token);
  const routes = makeControlRoutes({
    ...registry,
    registry,
    driver,
    journal,
    version: options.version ?? '0.0.0',
    hasToken,
  });
  const server = createServer((request, response) => {
    routes(request, response).catch((error: unknown) => {
      logger.error({ err: error }, 'a call failed');
      response.destroy();
    });
  });
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_FRAME_BYTES,
    perMessageDeflate: false,
    handleProtocols: () => AGENT_PROTOCOL,
  });
  sockets.on('headers', (headers) => headers.push(`${AGENT_PROTOCOL_HEADER}: ${AGENT_PROTOCOL}`));
  const connectionDeps: ConnectionDeps = { registry, journal, driver, logger, holders: new Map(), isClosing };
  sockets.on('connection', (socket) => serveConnection(socket, connectionDeps));
  server.on('upgrade', makeUpgrade({ sockets, hasToken, isClosing }));
  const stopPinging = pingAll(sockets);

  try {
    if (driver.usesProcesses) await sweepOrphans(journal, logger);
    await listen(server, options);
  } catch (error) {
    stopPinging();
    journal.close();
    throw error;
  }
  const { port } = server.address() as AddressInfo;
  logger.info({ port, agent: driver.name }, 'the gateway listens');

  async function close(graceMs: number): Promise<void> {
    stopPinging();
    server.close();
    await registry.shutDown(graceMs);
    await hangUp(sockets, server);
    journal.close();
    unlock();
  }

  return {
    url: `ws://${options.host.includes(':') ? `[${options.host}]` : options.host}:${port}`,
    port,
    agent: driver.name as Gateway['agent'],
    async close({ graceMs = 3000 } = {}) {
      if (closing === null) closing = close(graceMs);
      else void registry.shutDown(graceMs);
      await closing;
    },
  };
}

async function listen(server: Server, { host, port }: GatewayOptions): Promise<void> {
  server.listen(port, host);
  await once(server, 'listening');
}

/** A peer that answers no ping is gone, whatever its socket says. */
function pingAll(sockets: WebSocketServer): () => void {
  const silent = new WeakSet<WebSocket>();
  sockets.on('connection', (socket) => socket.on('pong', () => silent.delete(socket)));
  const timer = setInterval(() => {
    for (const socket of sockets.clients) {
      if (silent.has(socket)) {
        socket.terminate();
        continue;
      }
      silent.add(socket);
      socket.ping();
    }
  }, PING_MS);
  timer.unref();
  return () => clearInterval(timer);
}

async function hangUp(sockets: WebSocketServer, server: Server): Promise<void> {
  for (const socket of sockets.clients) socket.close(GATEWAY_CLOSE.shuttingDown, 'the gateway stops');
  const deadline = Date.now() + 500;
  while (sockets.clients.size > 0 && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 10));
  for (const socket of sockets.clients) socket.terminate();
  server.closeAllConnections();
}
