import { CancellationScope, condition, isCancellation, log } from '@temporalio/workflow';
import { failureType, isWorkerAway } from '../failures.ts';
import { now, type Memory } from './memory.ts';
import { exchange, firstConnect, receive, reconnect, send } from '../proxies.ts';
import type { Received } from '../session-activities.ts';
import * as ledger from '../state/session-ledger.ts';
import * as session from '../state/session-state.ts';
import type { QueuedMessage } from '../state/session-state.ts';
import { attachmentOf, preview, snapshotOf } from '../state/session-views.ts';
import { showStatus } from './show-status.ts';

/** How often one message is handed over anew before the session gives up: each time after a fresh connection. */
const TRIES = 10;

/** The session's line to its agent: one connection, and one activity at a time that listens. */
export interface Line {
  /** Whether an activity listens. */
  readonly isHeard: boolean;
  /** Opens a connection with a new lease; a session that is to end meanwhile does not wait for it. */
  connect(): Promise<void>;
  /** Carries the current message out: handed over once the agent is up, and again (its id is known) when the line broke. */
  runTurn(): Promise<void>;
  /** Listens, in the background, until something is settled: an answer to `messageId`, or background tasks. */
  listen(messageId: string | null): void;
}

/** The second try is made at once; then a peer that drops the line at each message is given time, 12 s in all. */
function pauseBefore(attempt: number): number {
  return Math.min(250 * 2 ** (attempt - 3), 2_000);
}

/** Makes the line of a run; nothing is open yet. */
export function makeLine(memory: Memory): Line {
  const update = (next: session.SessionState): void => memory.update(next);
  let isHeard = false;
  let failure: unknown = null;

  /** The tries are the agent's: what ran out while no worker was there is begun anew. */
  async function connect(): Promise<void> {
    for (;;) {
      try {
        return await connectOnce();
      } catch (error) {
        if (!isWorkerAway(error)) throw error;
        log.warn('no worker was there to connect, connecting again');
      }
    }
  }

  async function connectOnce(): Promise<void> {
    update(session.beginConnect(memory.state));
    const { state } = memory;
    // Somebody waits for a new session, and for one that is resumed.
    const isAwaited = state.epoch === 1 || state.resume_required === true;
    const connectNow = isAwaited ? firstConnect.connect : reconnect.connect;
    const attempt = new CancellationScope();
    const opening = attempt.run(() =>
      connectNow.executeWithOptions({ summary: state.epoch === 1 ? 'start the agent' : 'connect to the agent again' }, [
        { attachment: attachmentOf(state), snapshot: { ...snapshotOf(state), status: 'active' } },
      ]),
    );
    let over = false;
    const settled = opening.then(
      (peer) => {
        over = true;
        update(session.connected(memory.state, peer));
      },
      (error: unknown) => {
        over = true;
        if (!isCancellation(error)) throw error;
      },
    );
    await Promise.race([settled, condition(() => over || memory.state.closing !== null)]);
    if (!over) attempt.cancel();
    await settled;
    if (memory.state.connected) showStatus(memory.state);
  }

  function hear(listening: Promise<Received>): void {
    const { epoch } = memory.state;
    isHeard = true;
    failure = null;
    listening
      .then(
        (received) => update(ledger.book(memory.state, received, now())),
        (error: unknown) => {
          // What listened on an earlier lease says nothing about this one.
          if (memory.state.epoch !== epoch) return;
          failure = error;
          update(session.lost(memory.state));
        },
      )
      .finally(() => {
        isHeard = false;
      });
  }

  function listen(message_id: string | null): void {
    if (isHeard) return;
    const { current } = memory.state;
    const summary = message_id === null || current === null ? 'background tasks' : `answer to: ${preview(current)}`;
    const attachment = attachmentOf(memory.state);
    hear(receive.executeWithOptions({ summary }, [{ attachment, message_id }]));
  }

  /** Hands a message over and listens for its answer. */
  function handOver(current: QueuedMessage): void {
    const { message_id, content, context } = current;
    const attachment = attachmentOf(memory.state);
    const input = { attachment, message_id, content, context };
    hear(exchange.executeWithOptions({ summary: preview(current) }, [input]));
  }

  /** Hands a message over beside the activity that listens already; false when the line broke. */
  async function handOverBeside({ message_id, content, context }: QueuedMessage): Promise<boolean> {
    try {
      await send({ attachment: attachmentOf(memory.state), message_id, content, context });
      return true;
    } catch (error) {
      log.warn('send failed, connecting again', { type: failureType(error) });
      failure = error;
      update(session.lost(memory.state));
      return false;
    }
  }

  async function runTurn(): Promise<void> {
    for (let attempt = 1; memory.state.current !== null && memory.state.closing === null; attempt += 1) {
      if (attempt > 2 && (await condition(() => memory.state.closing !== null, pauseBefore(attempt)))) return;
      if (!memory.state.connected) await connect();
      if (!memory.state.connected) return;
      if (!isHeard || (await handOverBeside(memory.state.current))) await settleCurrent();
      if (!memory.state.connected && attempt >= TRIES) throw failure;
    }
  }

  /** Waits until the current message has its outcome, the line breaks, or the session is to end. */
  async function settleCurrent(): Promise<void> {
    while (memory.state.connected && memory.state.current !== null && memory.state.closing === null) {
      if (!isHeard) handOver(memory.state.current);
      await condition(() => !isHeard || memory.state.closing !== null);
    }
  }

  return {
    get isHeard() {
      return isHeard;
    },
    connect,
    runTurn,
    listen,
  };
}
