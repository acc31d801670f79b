import type { WebSocket } from 'ws';
import type { AgentMessage } from '../../domain/session/turn.ts';
import { GATEWAY_CLOSE, gatewayFrame, type WorkerFrame, type GatewayFrame } from '../../protocol/agent-protocol.ts';
import type { Connected } from '../../workflows/session-activities.ts';
import type { AgentConnection, NumberedEvent, OpenOptions } from './agent-connection.ts';
import { ConnectionError, unreachable } from './connection-errors.ts';
import { makeMirroredEvents } from '../mirrored-events.ts';

type Reply = Exclude<GatewayFrame, { type: 'event' | 'delta' }>;
type Request = WorkerFrame extends infer F ? (F extends WorkerFrame ? Omit<F, 'request_id'> : never) : never;

/** Less than a `send` may take in the workflow. */
const REPLY_TIMEOUT_MS = 2_500;
/** Starting an agent may wait in line behind others. */
const START_TIMEOUT_MS = 28_000;
/** A turn that runs is settled before a session is closed. */
const RELEASE_TIMEOUT_MS = 20_000;

/** Takes an open socket that speaks the sub-protocol, opens the session on it and resolves once the lease is held. */
export async function openGatewayConnection(socket: WebSocket, options: OpenOptions): Promise<AgentConnection> {
  const { lease } = options;
  const events = makeMirroredEvents({
    sessionId: lease.session_id,
    afterSeq: lease.cursor,
    mirror: options.mirror,
    flow: socket,
    logger: options.logger,
  });
  const waiting = new Map<number, { resolve: (reply: Reply) => void; reject: (error: Error) => void }>();
  let lastRequest = 0;
  let isClosed = false;

  function fail(error: Error, hangUp = (): void => socket.terminate()): void {
    isClosed = true;
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
    events.fail(error);
    hangUp();
  }

  /** A goodbye, not a line that breaks: the gateway gives the start of the agent up. */
  function giveUp(): void {
    fail(options.signal?.reason as Error, () => socket.close());
  }

  socket.on('message', (data: Buffer, isBinary) => {
    const frame = isBinary ? null : parseFrame(data);
    if (frame === null) return fail(new ConnectionError('UNAVAILABLE', 'The gateway sent a frame that does not parse'));
    if (frame.type === 'event') return events.push({ seq: frame.seq, event: frame.event, bytes: data.length });
    if (frame.type === 'delta') {
      const { message_id, text } = frame;
      return options.mirror.live(lease.session_id, { message_id, text });
    }
    if (frame.request_id === undefined) return fail(errorOf(frame));
    waiting.get(frame.request_id)?.resolve(frame);
    waiting.delete(frame.request_id);
  });
  socket.on('close', (code) => fail(closedBy(code)));
  socket.on('error', (error) => fail(new ConnectionError('UNAVAILABLE', error.message, { cause: error })));

  async function ask(frame: Request, timeoutMs: number): Promise<Reply> {
    if (isClosed) throw new ConnectionError('UNAVAILABLE', 'The line to the gateway is closed');
    const request_id = (lastRequest += 1);
    return await new Promise<Reply>((resolve, reject) => {
      const timer = setTimeout(() => {
        // A line that is silent may be half open: the next try takes a new one.
        fail(new ConnectionError('UNAVAILABLE', `The gateway did not answer ${frame.type} within ${timeoutMs} ms`));
      }, timeoutMs);
      waiting.set(request_id, {
        resolve: (value) => (clearTimeout(timer), resolve(value)),
        reject: (error) => (clearTimeout(timer), reject(error)),
      });
      socket.send(JSON.stringify({ ...frame, request_id }));
    });
  }

  async function request(frame: Request, timeoutMs: number): Promise<Reply> {
    const reply = await ask(frame, timeoutMs);
    if (reply.type === 'error') throw errorOf(reply);
    return reply;
  }

  async function trustedDigest(): Promise<string | undefined> {
    try {
      return (await options.mirror.trustedDigest(lease.project_path)) ?? undefined;
    } catch (error) {
      throw new ConnectionError('UNAVAILABLE', 'It cannot be read what is trusted', { cause: error });
    }
  }

  options.signal?.addEventListener('abort', giveUp);
  const opened = await trustedDigest()
    .then((trusted_digest) =>
      request(
        {
          type: 'open',
          session_id: lease.session_id,
          epoch: lease.epoch,
          project_path: lease.project_path,
          // Only the database knows what is trusted: nothing that travels through a workflow.
          // The workflow keeps what is asked, so people are asked; the gateway narrows the mode to its own maximum.
          options: { ...lease.options, trusted_digest, ceiling: 'bypassPermissions' },
          after_seq: lease.cursor,
          start: options.start,
          resume_required: options.start ? lease.resume_required : undefined,
        },
        options.start ? START_TIMEOUT_MS : REPLY_TIMEOUT_MS,
      ),
    )
    .catch((error: unknown) => {
      if (!isClosed) socket.terminate();
      throw error;
    })
    .finally(() => options.signal?.removeEventListener('abort', giveUp));
  if (opened.type !== 'opened') throw unreachable(`the gateway answered open with ${opened.type}`);
  if (opened.last_seq < lease.cursor) {
    socket.terminate();
    throw unreachable('the gateway has lost the journal of this session', { retryable: false });
  }
  const peer: Connected = {
    agent: opened.agent,
    simulated: opened.simulated,
    at_least_once: false,
    // What is still to come of an earlier time is a reason to listen, too.
    background_tasks: Math.max(opened.background_tasks, opened.last_seq > lease.cursor ? 1 : 0),
  };
  let backgroundTasks = opened.background_tasks;

  return {
    epoch: lease.epoch,
    peer,
    get isClosed(): boolean {
      return isClosed;
    },
    get backgroundTasks(): number {
      return backgroundTasks;
    },
    openedAt: opened.last_seq,
    covers: (cursor) => events.covers(cursor),
    canAnswer: () => true,
    async send(message: AgentMessage): Promise<void> {
      await request({ type: 'send', ...message }, REPLY_TIMEOUT_MS);
    },
    async decide(interaction_id, answer): Promise<boolean> {
      const reply = await ask({ type: 'decide', interaction_id, answer: { ...answer } }, REPLY_TIMEOUT_MS);
      if (reply.type === 'error' && reply.code === 'INVALID_FRAME') return false;
      if (reply.type === 'error') throw errorOf(reply);
      return true;
    },
    async take(cursor: number, signal: AbortSignal): Promise<NumberedEvent[]> {
      const taken = await options.watch.during(socket, () => events.take(cursor, signal));
      for (const { event } of taken) if (event.type === 'background') backgroundTasks = event.tasks;
      return taken;
    },
    async release(mode, reason): Promise<number | null> {
      const reply = await ask({ type: 'release', mode, reason }, RELEASE_TIMEOUT_MS);
      if (reply.type === 'released') return reply.last_seq;
      const error = errorOf(reply);
      if (reply.type === 'error' && reply.code === 'BUSY') return null;
      throw error;
    },
    close(): void {
      isClosed = true;
      events.stop();
      socket.close();
    },
  };
}

function parseFrame(data: Buffer): GatewayFrame | null {
  try {
    const parsed = gatewayFrame.safeParse(JSON.parse(data.toString('utf8')));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}

function errorOf(frame: Extract<Reply, { type: 'error' }> | Reply): ConnectionError {
  if (frame.type !== 'error') return new ConnectionError('UNAVAILABLE', `Unexpected ${frame.type} from the gateway`);
  switch (frame.code) {
    case 'LEASE_LOST':
      return new ConnectionError('LEASE_LOST', frame.message);
    case 'PROJECT_PATH':
    case 'CONVERSATION_GONE':
      return new ConnectionError(frame.code, frame.message);
    case 'AGENT_UNREACHABLE':
      return unreachable(frame.message);
    // The same frame on the same line would be refused for ever: the session connects anew.
    case 'NOT_OPEN':
    case 'INVALID_FRAME':
      return new ConnectionError('NOT_SENT', frame.message);
    case 'BUSY':
    case 'UNAVAILABLE':
      return new ConnectionError('UNAVAILABLE', frame.message);
  }
}

/** A socket that another attempt took over is worth another try: the attempt that is meant to live wins. */
function closedBy(code: number): ConnectionError {
  const why = code === GATEWAY_CLOSE.leaseLost ? 'another connection took the session over' : `close code ${code}`;
  return new ConnectionError('UNAVAILABLE', `The line to the gateway broke: ${why}`);
}
