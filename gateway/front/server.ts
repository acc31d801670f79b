import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { createServer } from 'node:http';
import type { IncomingMessage, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { totalmem } from 'node:os';
import { join } from 'node:path';
import { WebSocketServer } from 'ws';
import { XswarmError } from '../../domain/errors.ts';
import { AgentPool } from '../agents/agent-pool.ts';
import { bearerToken, secretsEqual } from '../../protocol/http-access.ts';
import { chooseDriver } from '../agents/choose-driver.ts';
import { Connection } from './connection.ts';
import type { ConnectionDeps } from './connection.ts';
import { makeControlRoutes } from './control-routes.ts';
import { makeJournal } from '../journal/journal.ts';
import { JournalWriter } from '../journal/journal-writer.ts';
import { lockDataDir, openJournalDb } from '../journal/open-journal.ts';
import type { GatewayOptions } from './gateway-options.ts';
import { AGENT_PROTOCOL, AGENT_PROTOCOL_HEADER, GATEWAY_CLOSE } from '../../protocol/agent-protocol.ts';
import { SessionRegistry } from '../sessions/session-registry.ts';
import { sweepOrphans } from '../processes/sweep.ts';
import { pingAll } from '../../protocol/ping-all.ts';
import { makeUpgrade } from './upgrade.ts';
import { WarmAgents } from '../agents/warm-agents.ts';
import { listProcesses } from '../processes/process-table.ts';
import { TurnWatch } from '../turns/turn-watch.ts';

export type { GatewayOptions } from './gateway-options.ts';

/** A running gateway. */
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
const STALL_MS = 15 * 60_000;
const TURN_LIMIT_MS = 24 * 3_600_000;

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
  const chosen = chooseDriver(options.agent, options.env, join(options.dataDir, 'no-settings'));
  const driver = around?.driver?.(chosen) ?? chosen;
  const opened = makeJournal(openJournalDb(options.dataDir, options.durability));
  const journal = around?.journal?.(opened) ?? opened;
  let closing: Promise<void> | null = null;
  const isClosing = (): boolean => closing !== null;

  const pool = new AgentPool({
    maxAgents: options.maxAgents ?? Math.max(4, Math.floor(totalmem() / (400 * 2 ** 20))),
    maxParallelStarts: options.maxParallelStarts ?? 2,
  });
  const warm = new WarmAgents({ driver, pool, journal, logger }, options.prewarm ?? 0);
  const defaults = { model: options.model, permission_mode: options.permissionMode };
  const { maxPermissionMode = 'bypassPermissions' } = options;
  const interruptLimitMs = options.interruptLimitMs ?? 10_000;
  const writer = new JournalWriter(journal, (error) =>
    logger.error({ err: error }, 'the journal cannot be written: trying again until it can'),
  );
  const registry = new SessionRegistry({
    driver,
    pool,
    warm,
    journal,
    writer,
    logger,
    defaults,
    maxPermissionMode,
    interruptLimitMs,
  });

  const hasToken = ({ headers }: IncomingMessage): boolean =>
    secretsEqual(bearerToken(headers.authorization) ?? '', options.token);
  const routes = makeControlRoutes({
    registry,
    driver,
    journal,
    writer,
    warm,
    version: options.version ?? '0.0.0',
    projectRoots: options.projectRoots ?? [],
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
  const connectionDeps: ConnectionDeps = {
    registry,
    writer,
    journal,
    driver,
    logger,
    holders: new Map(),
    isClosing,
    projectRoots: options.projectRoots ?? [],
  };
  sockets.on('connection', (socket, request) => void new Connection(socket, request.socket, connectionDeps));
  server.on('upgrade', makeUpgrade({ sockets, hasToken, isClosing }));
  const pingMs = options.pingMs ?? PING_MS;
  const stopPinging = pingAll(
    () => sockets.clients,
    pingMs,
    (socket) => {
      logger.warn({ after_ms: pingMs }, 'a socket answered no ping: it is cut');
      socket.terminate();
    },
  );
  const { stallMs = STALL_MS, turnLimitMs = TURN_LIMIT_MS } = options;
  const watch = new TurnWatch({ sessions: () => registry.all(), listProcesses, stallMs, turnLimitMs, logger });
  watch.start();

  try {
    if (driver.usesProcesses) await sweepOrphans(journal, logger);
    await listen(server, options);
  } catch (error) {
    stopPinging();
    watch.stop();
    journal.close();
    throw error;
  }
  const { port } = server.address() as AddressInfo;
  logger.info({ port, agent: driver.name }, 'the gateway listens');

  async function close(graceMs: number): Promise<void> {
    stopPinging();
    watch.stop();
    server.close();
    await Promise.all([registry.shutDown(graceMs), warm.shutDown()]);
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
      else registry.shutDown(graceMs).catch((error: unknown) => logger.error({ err: error }, 'cannot stop faster'));
      await closing;
    },
  };
}

async function listen(server: Server, { host, port }: GatewayOptions): Promise<void> {
  server.listen(port, host);
  await once(server, 'listening');
}

async function hangUp(sockets: WebSocketServer, server: Server): Promise<void> {
  for (const socket of sockets.clients) socket.close(GATEWAY_CLOSE.shuttingDown, 'the gateway stops');
  const deadline = Date.now() + 500;
  while (sockets.clients.size > 0 && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 10));
  for (const socket of sockets.clients) socket.terminate();
  server.closeAllConnections();
}
