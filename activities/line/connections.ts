import { asyncLocalStorage } from '@temporalio/activity';
import { WebSocket } from 'ws';
import { AGENT_PROTOCOL, AGENT_PROTOCOL_HEADER } from '../../protocol/agent-protocol.ts';
import type { Mirror } from '../../domain/mirror-write.ts';
import type { Attachment } from '../../workflows/session-activities.ts';
import type { AgentConnection, OpenOptions } from './agent-connection.ts';
import { ConnectionError, unreachable } from './connection-errors.ts';
import { openGatewayConnection } from './gateway-connection.ts';
import { makeLineWatch } from './line-watch.ts';
import { openPlainConnection } from './plain-connection.ts';

/** The lines of this process, one a session at the most. */
export interface Connections {
  /**
   * The session's line, taken up anew when it is gone, old, or lacks events after the attachment's cursor. `signal` gives up
   * a line that is being opened, and with it the start of its agent.
   */
  attach(attachment: Attachment, options: AttachOptions): Promise<AgentConnection>;
  /** Forgets and closes the session's line of this lease or an older one. */
  drop(sessionId: string, epoch: number): void;
  closeAll(): void;
}

/** Whether the agent is to be up, and what ends the wait for it. */
export interface AttachOptions {
  start: boolean;
  signal?: AbortSignal;
}

export interface ConnectionsOptions {
  url: string;
  token: string;
  mirror: Mirror;
  /** How often a line that somebody waits on is pinged; one that shows nothing for a whole round is cut (default 10 s). */
  pingMs?: number;
}

const HANDSHAKE_TIMEOUT_MS = 3_000;
const PING_MS = 10_000;
const MAX_FRAME_BYTES = 32 * 1024 * 1024;

/** Keeps one line a session, and shares it between the activities of that session. */
export function makeConnections(options: ConnectionsOptions): Connections {
  const lines = new Map<string, { epoch: number; opening: Promise<AgentConnection>; line: AgentConnection | null }>();
  const watch = makeLineWatch(options.pingMs ?? PING_MS);

  async function open(attachment: Attachment, { start, signal }: AttachOptions): Promise<AgentConnection> {
    // The log of the activity that opens the line: it names the workflow.
    const logger = asyncLocalStorage.getStore()?.log;
    return await openLine({ ...options, attachment, start, signal, logger, watch });
  }

  async function attach(attachment: Attachment, how: AttachOptions): Promise<AgentConnection> {
    const known = lines.get(attachment.session_id);
    if (known !== undefined && known.epoch > attachment.epoch) {
      throw new ConnectionError('LEASE_LOST', `Epoch ${attachment.epoch} was taken over by ${known.epoch}`);
    }
    if (known !== undefined && known.epoch === attachment.epoch) {
      const line = await known.opening.catch(() => null);
      if (line !== null && !line.isClosed && line.covers(attachment.cursor)) return line;
    }
    // Another activity may have replaced it while this one waited.
    const current = lines.get(attachment.session_id);
    if (current !== undefined && current !== known) return await attach(attachment, how);
    current?.line?.close();
    const entry = { epoch: attachment.epoch, opening: open(attachment, how), line: null as AgentConnection | null };
    lines.set(attachment.session_id, entry);
    try {
      entry.line = await entry.opening;
      return entry.line;
    } catch (error) {
      if (lines.get(attachment.session_id) === entry) lines.delete(attachment.session_id);
      throw error;
    }
  }

  return {
    attach,
    drop(sessionId, epoch) {
      const known = lines.get(sessionId);
      if (known === undefined || known.epoch > epoch) return;
      known.line?.close();
      lines.delete(sessionId);
    },
    closeAll() {
      watch.stop();
      for (const { line } of lines.values()) line?.close();
      lines.clear();
    },
  };
}

/** Dials the agent's address; speaks the sub-protocol where the other end does, else the guide's bare frames. */
async function openLine(options: OpenOptions): Promise<AgentConnection> {
  const first = await dial(options, [AGENT_PROTOCOL]);
  if (options.signal?.aborted) {
    first.socket.terminate();
    throw options.signal.reason;
  }
  if (first.speaksProtocol) return await openGatewayConnection(first.socket, options);
  return openPlainConnection(first.socket, options);
}

interface Dialled {
  socket: WebSocket;
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
  socket.on('upgrade', (response) => {
    const value = response.headers[AGENT_PROTOCOL_HEADER];
    header = Array.isArray(value) ? value[0] : value;
  });
  return new Promise((resolve, reject) => {
    socket.once('open', () => {
      socket.removeAllListeners('error');
      resolve({ socket, speaksProtocol: header === AGENT_PROTOCOL });
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
