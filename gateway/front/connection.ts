import type { Writable } from 'node:stream';
import type { WebSocket } from 'ws';
import { readFrames } from './client-frames.ts';
import type { AgentDriver } from '../drivers/driver.ts';
import { makeEventFeed } from './event-feed.ts';
import type { EventFeed } from './event-feed.ts';
import type { Journal } from '../journal/journal.ts';
import type { JournalWriter } from '../journal/journal-writer.ts';
import { letGo } from '../sessions/let-go.ts';
import type { Logger } from '../../domain/logger.ts';
import { GATEWAY_CLOSE, type WorkerFrame } from '../../protocol/agent-protocol.ts';
import { ALL_TAKEN, obstacleTo } from './obstacle.ts';
import { folderToOpen, requireFolder } from '../sessions/project-folder.ts';
import { describe } from './refusals.ts';
import type { HostListener } from '../sessions/host-deps.ts';
import type { SessionHost } from '../sessions/session-host.ts';
import type { SessionRegistry } from '../sessions/session-registry.ts';
import { makeSocketLine } from './socket-line.ts';
import { INTERRUPTED } from '../turns/stop-reasons.ts';

type Frame<T extends WorkerFrame['type']> = Extract<WorkerFrame, { type: T }>;

const OPEN_LIMIT_MS = 10_000;
/** The code of a socket that closed without a goodbye. */
const BROKEN = 1006;

export interface ConnectionDeps {
  registry: SessionRegistry & { writer: JournalWriter };
  journal: Journal;
  driver: AgentDriver;
  logger: Logger;
  /** The connection that holds each session's lease. */
  holders: Map<string, LeaseHolder>;
  isClosing: () => boolean;
  /** Folders that projects must be in; none: any folder. */
  projectRoots: readonly string[];
}

/** A connection as the next holder of its lease sees it. */
export interface LeaseHolder {
  displace(message: string | null): void;
}

/** Serves one socket: the first frame opens a session, the others are about it. */
export function serveConnection(socket: WebSocket, transport: Writable, deps: ConnectionDeps): void {
  const line = makeSocketLine(socket, transport);
  let host: SessionHost | null = null;
  let feed: EventFeed | null = null;
  let opening: Promise<void> = Promise.resolve();
  let isStarting = false;
  let folderIsGone = false;

  const holder: LeaseHolder = {
    displace(message) {
      leave();
      if (message !== null) line.refuse(undefined, 'LEASE_LOST', message);
      line.close(GATEWAY_CLOSE.leaseLost, message === null ? 'replaced by another socket' : 'lease lost');
    },
  };
  const listener: HostListener = {
    event: (seq, event) => feed?.notify(seq, event),
    delta({ message_id, text }) {
      if (feed?.live === true) line.send({ type: 'delta', message_id, text });
    },
  };
  const openLimit = setTimeout(() => line.close(GATEWAY_CLOSE.invalidFrame, 'no open frame'), OPEN_LIMIT_MS);
  openLimit.unref();

  function leave(): void {
    clearTimeout(openLimit);
    feed?.stop();
    if (host === null) return;
    if (host.listener === listener) host.listener = null;
    if (deps.holders.get(host.row.session_id) === holder) deps.holders.delete(host.row.session_id);
    host = null;
  }

  async function open(asked: Frame<'open'>): Promise<void> {
    const folder = await folderToOpen(asked, deps.registry, deps.projectRoots);
    const frame = { ...asked, project_path: folder.path };
    folderIsGone = folder.isGone;
    const { session_id, epoch, project_path, options } = frame;
    if (socket.readyState !== socket.OPEN) return;
    // An agent that began now would outlive the gateway.
    if (deps.isClosing()) return line.refuse(frame.request_id, 'UNAVAILABLE', 'The gateway is stopping');
    if (host !== null && host.row.session_id !== session_id) {
      return line.refuse(frame.request_id, 'INVALID_FRAME', 'This socket is open for another session');
    }
    const next = deps.registry.findOrBegin({ session_id, epoch, project_path, options });
    if (epoch < next.row.epoch) {
      const message = `Epoch ${epoch} was taken over by ${next.row.epoch}`;
      line.refuse(frame.request_id, 'LEASE_LOST', message);
      return line.close(GATEWAY_CLOSE.leaseLost, 'lease lost');
    }
    takeLease(next, frame);
    if (frame.start && deps.driver.usesProcesses && !next.slot.hasRoom()) {
      return line.refuse(frame.request_id, 'BUSY', ALL_TAKEN);
    }
    next.resume();
    if (frame.start) {
      isStarting = true;
      await next.ready().finally(() => (isStarting = false));
    }
    if (host !== next) return; // the lease went to another socket meanwhile
    line.send({
      type: 'opened',
      request_id: frame.request_id,
      session_id,
      epoch,
      agent: deps.driver.name,
      simulated: deps.driver.simulated,
      last_seq: next.log.lastSeq,
      background_tasks: next.backgroundTasks,
    });
    feed?.stop();
    feed = makeEventFeed(
      (after, limit) => deps.journal.events(session_id, after, limit),
      line,
      (error) => {
        deps.logger.error({ err: error, session_id }, 'events could not be read');
        line.close(1011, 'events could not be read');
      },
    );
    feed.start(frame.after_seq);
  }

  /** Who says goodbye while its agent starts wants none; one whose line broke comes back for it. */
  function hungUp(code: number): void {
    const unwanted = isStarting && code !== BROKEN ? host : null;
    leave();
    unwanted?.slot.stop().catch((error: unknown) => deps.logger.error({ err: error }, 'a start could not be given up'));
  }

  function takeLease(next: SessionHost, frame: Frame<'open'>): void {
    clearTimeout(openLimit);
    const { session_id, epoch, project_path, options } = frame;
    // Who only takes a line up again does not open a session that was closed meanwhile.
    const state = frame.start ? ('open' as const) : next.row.state;
    const changed = { ...next.row, epoch, project_path, options, state };
    if (JSON.stringify(changed) !== JSON.stringify(next.row)) deps.journal.saveSession(changed);
    const before = deps.holders.get(session_id);
    if (before !== undefined && before !== holder) {
      before.displace(epoch > next.row.epoch ? `Epoch ${next.row.epoch} was taken over by ${epoch}` : null);
    }
    next.row = changed;
    deps.holders.set(session_id, holder);
    next.listener = listener;
    host = next;
  }

  async function send(frame: Frame<'send'>, open: SessionHost): Promise<void> {
    const { request_id, message_id, content, context } = frame;
    const obstacle = obstacleTo(open, deps);
    const isHindered = obstacle !== null || folderIsGone;
    // What was taken before is answered whatever is in the way now.
    if (isHindered && deps.journal.turn(open.row.session_id, message_id) === null) {
      if (obstacle !== null) return line.refuse(request_id, obstacle.code, obstacle.message);
      await requireFolder(open.row.project_path, deps.projectRoots);
    }
    const message = context === undefined ? { message_id, content } : { message_id, content, context };
    const { duplicate, seq, resultSeq } = await open.accept(message);
    line.send({ type: 'accepted', request_id, message_id, duplicate, seq, result_seq: resultSeq });
  }

  async function release(frame: Frame<'release'>, open: SessionHost): Promise<void> {
    if (frame.mode === 'idle' && open.isWorking) {
      return line.refuse(frame.request_id, 'BUSY', 'The agent works: a turn or a background task runs');
    }
    const last_seq = await letGo(open, frame.mode, frame.reason);
    line.send({ type: 'released', request_id: frame.request_id, last_seq });
  }

  async function handle(frame: WorkerFrame): Promise<void> {
    if (frame.type === 'open') return open(frame);
    if (host === null || (host.row.state === 'closed' && frame.type !== 'release')) {
      return line.refuse(frame.request_id, 'NOT_OPEN', 'Send an open frame first');
    }
    if (frame.type === 'send') return send(frame, host);
    if (frame.type === 'release') return release(frame, host);
    const interrupted = host.interrupt(INTERRUPTED, frame.message_id);
    line.send({ type: 'interrupted', request_id: frame.request_id, interrupted });
  }

  async function answer(frame: WorkerFrame): Promise<void> {
    try {
      await handle(frame);
    } catch (error) {
      const { code, message } = describe(error);
      if (code === 'UNAVAILABLE') deps.logger.error({ err: error, frame: frame.type }, 'a frame could not be served');
      line.refuse(frame.request_id, code, message);
    }
  }

  readFrames(socket, line, (frame) => {
    const answered = opening.then(() => answer(frame));
    // What comes behind an open waits for it; after that, frames are served side by side in the order they came.
    if (frame.type === 'open') opening = answered;
  });
  socket.on('error', (error) => deps.logger.debug({ err: error }, 'a socket failed'));
  socket.on('close', hungUp);
}
