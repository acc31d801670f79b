import type { CallAnswer } from '../drivers/claude/gate/gate-port.ts';
import type { Writable } from 'node:stream';
import type { WebSocket } from 'ws';
import { XswarmError } from '../../domain/errors.ts';
import type { Logger } from '../../domain/logger.ts';
import { GATEWAY_CLOSE } from '../../protocol/agent-protocol.ts';
import type { GatewayErrorCode, WorkerFrame } from '../../protocol/agent-protocol.ts';
import type { AgentDriver } from '../drivers/driver.ts';
import type { JournalWriter } from '../journal/journal-writer.ts';
import type { Journal } from '../journal/journal.ts';
import { folderToOpen, requireFolder } from '../sessions/project-folder.ts';
import type { HostListener, SessionHost } from '../sessions/session-host.ts';
import type { SessionRegistry } from '../sessions/session-registry.ts';
import { EventFeed } from './event-feed.ts';
import { SocketLine } from './socket-line.ts';
import { readFrames } from './worker-frames.ts';

type Frame<T extends WorkerFrame['type']> = Extract<WorkerFrame, { type: T }>;
type Refusal = { code: GatewayErrorCode; message: string };

const OPEN_LIMIT_MS = 10_000;
const MAX_OPEN_TURNS = 1000;
/** The code of a socket that closed without a close frame. */
const BROKEN = 1006;
const ALL_TAKEN = 'All places for agents are taken by agents that work';

export interface ConnectionDeps {
  registry: SessionRegistry;
  writer: JournalWriter;
  journal: Journal;
  driver: AgentDriver;
  logger: Logger;
  /** The connection that holds each session's lease. */
  holders: Map<string, Connection>;
  isClosing: () => boolean;
  /** Folders that projects must be in; empty: any folder. */
  projectRoots: readonly string[];
}

/** Serves one socket: the first frame opens a session, the others are about it. */
export class Connection {
  readonly #socket: WebSocket;
  readonly #deps: ConnectionDeps;
  readonly #line: SocketLine;
  readonly #openLimit: NodeJS.Timeout;
  readonly #listener: HostListener;
  #host: SessionHost | null = null;
  #feed: EventFeed | null = null;
  #opening: Promise<void> = Promise.resolve();
  #isStarting = false;
  #folderIsGone = false;

  constructor(socket: WebSocket, transport: Writable, deps: ConnectionDeps) {
    this.#socket = socket;
    this.#deps = deps;
    this.#line = new SocketLine(socket, transport);
    this.#listener = {
      event: (seq, event) => this.#feed?.notify(seq, event),
      delta: ({ message_id, text }) => {
        if (this.#feed?.live === true) this.#line.send({ type: 'delta', message_id, text });
      },
    };
    this.#openLimit = setTimeout(() => this.#line.close(GATEWAY_CLOSE.invalidFrame, 'no open frame'), OPEN_LIMIT_MS);
    this.#openLimit.unref();
    readFrames(socket, this.#line, (frame) => {
      const answered = this.#opening.then(() => this.#answer(frame));
      // What follows an open waits for it. All other frames are served side by side in the order in which they came.
      if (frame.type === 'open') this.#opening = answered;
    });
    socket.on('error', (error) => deps.logger.debug({ err: error }, 'a socket failed'));
    socket.on('close', (code) => this.#closed(code));
  }

  /** Another connection takes the lease: with a higher epoch, which `message` explains, or in place of this socket (null). */
  displace(message: string | null): void {
    this.#leave();
    if (message !== null) this.#line.refuse(undefined, 'LEASE_LOST', message);
    this.#line.close(GATEWAY_CLOSE.leaseLost, message === null ? 'replaced by another socket' : 'lease lost');
  }

  async #answer(frame: WorkerFrame): Promise<void> {
    try {
      await this.#handle(frame);
    } catch (error) {
      const { code, message } = refusalOf(error);
      if (code === 'UNAVAILABLE') {
        this.#deps.logger.error({ err: error, frame: frame.type }, 'a frame could not be served');
      }
      this.#line.refuse(frame.request_id, code, message);
    }
  }

  async #handle(frame: WorkerFrame): Promise<void> {
    if (frame.type === 'open') return this.#open(frame);
    const host = this.#host;
    if (host === null || (host.row.state === 'closed' && frame.type !== 'release')) {
      return this.#line.refuse(frame.request_id, 'NOT_OPEN', 'Send an open frame first');
    }
    if (frame.type === 'send') return this.#send(frame, host);
    if (frame.type === 'release') return this.#release(frame, host);
    if (frame.type === 'decide') {
      const decided = host.decide(frame.interaction_id, frame.answer as CallAnswer);
      if (decided === null) {
        return this.#line.refuse(frame.request_id, 'INVALID_FRAME', `Nobody was asked: ${frame.interaction_id}`);
      }
      return this.#line.send({ type: 'decided', request_id: frame.request_id, ...decided });
    }
    const interrupted = host.interrupt(frame.message_id);
    this.#line.send({ type: 'interrupted', request_id: frame.request_id, interrupted });
  }

  async #open(asked: Frame<'open'>): Promise<void> {
    const { registry, driver } = this.#deps;
    const folder = await folderToOpen(asked, registry, this.#deps.projectRoots);
    if (asked.resume_required === true) await this.#requireConversation(asked.session_id);
    const frame = { ...asked, project_path: folder.path };
    this.#folderIsGone = folder.isGone;
    const { session_id, epoch, project_path, options, request_id } = frame;
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    // An agent that began now would outlive the gateway.
    if (this.#deps.isClosing()) return this.#line.refuse(request_id, 'UNAVAILABLE', 'The gateway is stopping');
    if (this.#host !== null && this.#host.row.session_id !== session_id) {
      return this.#line.refuse(request_id, 'INVALID_FRAME', 'This socket is open for another session');
    }
    const next = await registry.findOrBegin({ session_id, epoch, project_path, options });
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    if (epoch < next.row.epoch) {
      this.#line.refuse(request_id, 'LEASE_LOST', `Epoch ${epoch} was taken over by ${next.row.epoch}`);
      return this.#line.close(GATEWAY_CLOSE.leaseLost, 'lease lost');
    }
    this.#takeLease(next, frame);
    if (frame.start && driver.usesProcesses && !next.slot.hasRoom()) {
      return this.#line.refuse(request_id, 'BUSY', ALL_TAKEN);
    }
    next.resume();
    if (frame.start) {
      this.#isStarting = true;
      await next.ready().finally(() => (this.#isStarting = false));
    }
    if (this.#host !== next) return; // the lease went to another socket meanwhile
    this.#line.send({
      type: 'opened',
      request_id,
      session_id,
      epoch,
      agent: driver.name,
      simulated: driver.simulated,
      last_seq: next.log.lastSeq,
      background_tasks: next.backgroundTasks,
      project_settings: next.slot.settings,
    });
    this.#follow(session_id, frame.after_seq);
  }

  /** Throws `CONVERSATION_GONE` when the session had a conversation that cannot be continued. */
  async #requireConversation(sessionId: string): Promise<void> {
    const known = this.#deps.registry.find(sessionId);
    if (known === null) throw new ConversationGone('The gateway does not know this session');
    const { conversation } = known.row;
    if (known.slot.agent !== null || !conversation.established) return;
    if (await this.#deps.driver.hasConversation(conversation)) return;
    throw new ConversationGone('The agent no longer has the conversation of this session');
  }

  #takeLease(next: SessionHost, { session_id, epoch, project_path, options, start }: Frame<'open'>): void {
    const { holders, journal } = this.#deps;
    clearTimeout(this.#openLimit);
    // A line that is only taken up again does not open a session that was closed meanwhile.
    const state = start ? ('open' as const) : next.row.state;
    const changed = { ...next.row, epoch, project_path, options, state };
    if (JSON.stringify(changed) !== JSON.stringify(next.row)) journal.saveSession(changed);
    const before = holders.get(session_id);
    if (before !== undefined && before !== this) {
      before.displace(epoch > next.row.epoch ? `Epoch ${next.row.epoch} was taken over by ${epoch}` : null);
    }
    next.row = changed;
    holders.set(session_id, this);
    next.listener = this.#listener;
    this.#host = next;
  }

  #follow(session_id: string, afterSeq: number): void {
    this.#feed?.stop();
    this.#feed = new EventFeed(
      (after, limit) => this.#deps.journal.events(session_id, after, limit),
      this.#line,
      (error) => {
        this.#deps.logger.error({ err: error, session_id }, 'events could not be read');
        this.#line.close(1011, 'events could not be read');
      },
    );
    this.#feed.start(afterSeq);
  }

  async #send({ request_id, message_id, content, context }: Frame<'send'>, host: SessionHost): Promise<void> {
    const obstacle = this.#obstacleTo(host);
    const isHindered = obstacle !== null || this.#folderIsGone;
    // A message that was accepted before is answered whatever is in the way now.
    if (isHindered && this.#deps.journal.turn(host.row.session_id, message_id) === null) {
      if (obstacle !== null) return this.#line.refuse(request_id, obstacle.code, obstacle.message);
      await requireFolder(host.row.project_path, this.#deps.projectRoots);
    }
    const message = context === undefined ? { message_id, content } : { message_id, content, context };
    const { duplicate, seq, resultSeq } = await host.accept(message);
    this.#line.send({ type: 'accepted', request_id, message_id, duplicate, seq, result_seq: resultSeq });
  }

  /** Why a session cannot accept a new message now; null when it can. */
  #obstacleTo(host: SessionHost): Refusal | null {
    const { failure } = this.#deps.writer;
    if (this.#deps.isClosing()) return { code: 'UNAVAILABLE', message: 'The gateway is stopping' };
    if (failure !== null) return { code: 'UNAVAILABLE', message: `The journal cannot be written: ${failure.message}` };
    if (host.openTurns >= MAX_OPEN_TURNS) return { code: 'BUSY', message: 'Too many messages wait' };
    return host.slot.hasRoom() ? null : { code: 'BUSY', message: ALL_TAKEN };
  }

  async #release({ request_id, mode, reason }: Frame<'release'>, host: SessionHost): Promise<void> {
    if (mode === 'idle' && host.isWorking) {
      return this.#line.refuse(request_id, 'BUSY', 'The agent works: a turn or a background task runs');
    }
    const last_seq = await host.release(mode, reason);
    this.#line.send({ type: 'released', request_id, last_seq });
  }

  /** A close frame during a start cancels the start. After a broken line the same worker comes back for it. */
  #closed(code: number): void {
    const unwanted = this.#isStarting && code !== BROKEN ? this.#host : null;
    this.#leave();
    unwanted?.slot
      .stop()
      .catch((error: unknown) => this.#deps.logger.error({ err: error }, 'a start could not be given up'));
  }

  #leave(): void {
    clearTimeout(this.#openLimit);
    this.#feed?.stop();
    const host = this.#host;
    if (host === null) return;
    const { holders } = this.#deps;
    if (host.listener === this.#listener) host.listener = null;
    if (holders.get(host.row.session_id) === this) holders.delete(host.row.session_id);
    this.#host = null;
  }
}

class ConversationGone extends Error {}

/** What the other end is told of an error: no more than is meant for it. */
function refusalOf(error: unknown): Refusal {
  if (error instanceof ConversationGone) return { code: 'CONVERSATION_GONE', message: error.message };
  if (!(error instanceof XswarmError)) return { code: 'UNAVAILABLE', message: 'The gateway cannot do this now' };
  if (error.code === 'PROJECT_PATH' || error.code === 'AGENT_UNREACHABLE') {
    return { code: error.code, message: error.message };
  }
  return { code: 'UNAVAILABLE', message: error.message };
}
