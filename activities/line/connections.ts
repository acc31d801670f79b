import type { Socket } from 'node:net';
import { asyncLocalStorage } from '@temporalio/activity';
import { WebSocket } from 'ws';
import { AGENT_PROTOCOL, AGENT_PROTOCOL_HEADER } from '../../protocol/agent-protocol.ts';
import type { Mirror } from '../../domain/mirror/mirror-write.ts';
import type { Lease } from '../../workflows/session-activities.ts';
import type { AgentConnection, OpenOptions } from './agent-connection.ts';
import { ConnectionError, unreachable } from './connection-errors.ts';
import { openGatewayConnection } from './gateway-connection.ts';
import { makeLineWatch, type LineWatch } from './line-watch.ts';
import { openPlainConnection } from './plain-connection.ts';

/** Whether the agent is to be up, and what ends the wait for it. */
export interface AttachOptions {
  start: boolean;
  signal?: AbortSignal;
}

export interface ConnectionsOptions {
  url: string;
  token: string;
  mirror: Mirror;
  /** Seconds that a turn of a plain peer may take where the session's options do not say; 0: no limit. */
  turnLimitSeconds: number;
  /** How often a line that somebody waits on is pinged; one that shows nothing for a whole round is cut (default 10 s). */
  pingMs?: number;
}

const HANDSHAKE_TIMEOUT_MS = 3_000;
/** A plain peer is not pinged (one that works may answer no ping): the system finds out whether its host is still there. */
const KEEP_ALIVE_MS = 30_000;
const PING_MS = 10_000;
const MAX_FRAME_BYTES = 32 * 1024 * 1024;

const SWEEP_MS = 60_000;
/** Longer than any activity runs: a line that nobody took up for so long is used by another worker, or by nobody. */
const UNUSED_MS = 25 * 60 * 60 * 1000;

interface Entry {
  epoch: number;
  opening: Promise<AgentConnection>;
  line: AgentConnection | null;
  usedAt: number;
}

/** The lines of this process, at most one for a session, shared by the activities of that session. */
export class Connections {
  readonly #options: ConnectionsOptions;
  readonly #lines = new Map<string, Entry>();
  readonly #watch: LineWatch;
  readonly #sweep: NodeJS.Timeout;

  constructor(options: ConnectionsOptions) {
    this.#options = options;
    this.#watch = makeLineWatch(options.pingMs ?? PING_MS);
    this.#sweep = setInterval(() => this.#freeUnused(), SWEEP_MS);
    this.#sweep.unref();
  }

  /** How many sessions have a line here. */
  get size(): number {
    this.#freeUnused();
    return this.#lines.size;
  }

  /**
   * Returns the session's line, opened again when it is gone, old, or lacks events after the lease's cursor. `signal` gives up
   * a line that is being opened, and with it the start of its agent.
   */
  async attach(lease: Lease, how: AttachOptions): Promise<AgentConnection> {
    const known = this.#lines.get(lease.session_id);
    if (known !== undefined && known.epoch > lease.epoch) {
      throw new ConnectionError('LEASE_LOST', `Epoch ${lease.epoch} was taken over by ${known.epoch}`);
    }
    if (known !== undefined && known.epoch === lease.epoch) {
      known.usedAt = Date.now();
      const line = await known.opening.catch(() => null);
      if (line !== null && !line.isClosed && line.covers(lease.cursor)) return line;
    }
    // Another activity may have replaced it while this one waited.
    const current = this.#lines.get(lease.session_id);
    if (current !== undefined && current !== known) return await this.attach(lease, how);
    current?.line?.close();
    const opening = this.#open(lease, how);
    const entry: Entry = { epoch: lease.epoch, opening, line: null, usedAt: Date.now() };
    this.#lines.set(lease.session_id, entry);
    try {
      entry.line = await entry.opening;
      return entry.line;
    } catch (error) {
      if (this.#lines.get(lease.session_id) === entry) this.#lines.delete(lease.session_id);
      throw error;
    }
  }

  /** Closes the session's line of this lease or an older one. */
  drop(sessionId: string, epoch: number): void {
    const known = this.#lines.get(sessionId);
    if (known === undefined || known.epoch > epoch) return;
    known.line?.close();
    this.#lines.delete(sessionId);
  }

  closeAll(): void {
    clearInterval(this.#sweep);
    this.#watch.stop();
    for (const { line } of this.#lines.values()) line?.close();
    this.#lines.clear();
  }

  async #open(lease: Lease, { start, signal }: AttachOptions): Promise<AgentConnection> {
    // The log of the activity that opens the line: it names the workflow.
    const logger = asyncLocalStorage.getStore()?.log;
    return await openLine({ ...this.#options, lease, start, signal, logger, watch: this.#watch });
  }

  /** A line that another worker took over was closed by the gateway; one to a plain peer only falls out of use. */
  #freeUnused(): void {
    const unusedSince = Date.now() - UNUSED_MS;
    for (const [sessionId, { line, usedAt }] of this.#lines) {
      if (line === null || (!line.isClosed && usedAt > unusedSince)) continue;
      line.close();
      this.#lines.delete(sessionId);
    }
  }
}

/** Dials the agent's address; speaks the sub-protocol where the other end does, else the guide's bare frames. */
async function openLine(options: OpenOptions): Promise<AgentConnection> {
  const first = await dial(options, [AGENT_PROTOCOL]);
  if (options.signal?.aborted) {
    first.socket.terminate();
    throw options.signal.reason;
  }
  if (first.speaksProtocol) return await openGatewayConnection(first.socket, options);
  first.transport?.setKeepAlive(true, KEEP_ALIVE_MS);
  return openPlainConnection(first.socket, options);
}

interface Dialled {
  socket: WebSocket;
  transport: Socket | undefined;
  speaksProtocol: boolean;
}

function dial(options: OpenOptions, protocols: string[]): Promise<Dialled> {
  const socket = new WebSocket(options.url, protocols, {
    headers: { authorization: `Bearer ${options.token}` },
    perMessageDeflate: false,
    handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
    maxPayload: MAX_FRAME_BYTES,
  });
  // A server that merely echoes the first protocol it is offered does not speak it: ours says so in a header as well.
  let header: string | undefined;
  let transport: Socket | undefined;
  socket.on('upgrade', (response) => {
    transport = response.socket;
    const value = response.headers[AGENT_PROTOCOL_HEADER];
    header = Array.isArray(value) ? value[0] : value;
  });
  return new Promise((resolve, reject) => {
    socket.once('open', () => {
      socket.removeAllListeners('error');
      resolve({ socket, transport, speaksProtocol: header === AGENT_PROTOCOL });
    });
    socket.once('error', (error) => {
      socket.on('error', () => undefined);
      if (protocols.length > 0 && error.message === 'Server sent no subprotocol') {
        dial(options, []).then(resolve, reject);
        return;
      }
      reject(unreachable(error.message));
    });
  });
}
