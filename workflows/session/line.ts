import { CancellationScope, condition, isCancellation, log } from '@temporalio/workflow';
import { answerInWords } from '../../domain/control/interaction.ts';
import { failureType, isWorkerAway } from '../failures.ts';
import { decide, exchange, firstConnect, receive, reconnect, send } from '../proxies.ts';
import type { Received } from '../session-activities.ts';
import * as interactions from '../state/session-interactions.ts';
import type { SessionInteractions, SettledInteraction } from '../state/session-interactions.ts';
import * as ledger from '../state/session-ledger.ts';
import * as session from '../state/session-state.ts';
import type { QueuedMessage, SessionState } from '../state/session-state.ts';
import { leaseOf, preview, snapshotOf, summaryText } from '../state/session-views.ts';
import { now, type Memory } from './memory.ts';

/** How often one message is sent before the session gives up: each time over a fresh connection. */
const TRIES = 10;

/** The server takes 400 bytes. */
const SUMMARY_LENGTH = 130;

/** The second try is made at once; then a peer that drops the line at each message is given time, 12 s in all. */
function pauseBefore(attempt: number): number {
  return Math.min(250 * 2 ** (attempt - 3), 2_000);
}

/** The session's line to its agent: one connection, and one activity at a time that listens. */
export class Line {
  readonly #memory: Memory;
  readonly #isOverBudget: () => boolean;
  #isHeard = false;
  #failure: unknown = null;

  /** `isOverBudget`: whether the run must continue as new as soon as nothing runs. */
  constructor(memory: Memory, isOverBudget: () => boolean) {
    this.#memory = memory;
    this.#isOverBudget = isOverBudget;
  }

  /** Whether an activity listens. */
  get isHeard(): boolean {
    return this.#isHeard;
  }

  get #state(): SessionState {
    return this.#memory.state;
  }

  get #isConnected(): boolean {
    return session.isConnected(this.#memory.state);
  }

  /**
   * Opens a connection with a new lease; a session that must end meanwhile does not wait for it. The tries are the agent's: what
   * ran out while no worker was there begins again.
   */
  async connect(): Promise<void> {
    for (;;) {
      try {
        return await this.#connectOnce();
      } catch (error) {
        if (!isWorkerAway(error)) throw error;
        log.warn('no worker was there to connect, connecting again');
      }
    }
  }

  async #connectOnce(): Promise<void> {
    this.#memory.update(session.beginConnect(this.#state));
    const state = this.#state;
    // Somebody waits for a new session, and for one that is resumed.
    const isAwaited = state.epoch === 1 || state.resume_required === true;
    const connectNow = isAwaited ? firstConnect.connect : reconnect.connect;
    const attempt = new CancellationScope();
    const opening = attempt.run(() =>
      connectNow.executeWithOptions({ summary: state.epoch === 1 ? 'start the agent' : 'connect to the agent again' }, [
        { lease: leaseOf(state), snapshot: { ...snapshotOf(state), status: 'active' } },
      ]),
    );
    let over = false;
    const settled = opening.then(
      (peer) => {
        over = true;
        this.#memory.update(session.connected(this.#state, peer));
      },
      (error: unknown) => {
        over = true;
        if (!isCancellation(error)) throw error;
      },
    );
    await Promise.race([settled, condition(() => over || this.#state.closing !== null)]);
    if (!over) attempt.cancel();
    await settled;
    if (this.#isConnected) this.#memory.showStatus();
  }

  /** Carries the current message out: sent once the agent is up, and again (its id is known) when the line broke. */
  async runTurn(): Promise<void> {
    for (let attempt = 1; this.#state.current !== null && this.#state.closing === null; attempt += 1) {
      if (attempt > 2 && (await condition(() => this.#state.closing !== null, pauseBefore(attempt)))) return;
      if (!this.#isConnected) await this.connect();
      if (!this.#isConnected) return;
      if (!this.#isHeard || (await this.#sendBeside(this.#state.current))) await this.#settleCurrent();
      if (session.isPutOff(this.#state) && this.#isOverBudget()) return;
      if (!this.#isConnected && attempt >= TRIES) throw this.#failure;
    }
  }

  /** Listens, in the background, until something is settled: an answer to `messageId`, or background tasks. */
  listen(messageId: string | null): void {
    if (this.#isHeard) return;
    const { current } = this.#state;
    const text = messageId === null || current === null ? 'background tasks' : `answer to: ${preview(current)}`;
    const summary = summaryText(text);
    this.#hear(receive.executeWithOptions({ summary }, [{ lease: leaseOf(this.#state), message_id: messageId }]));
  }

  #hear(listening: Promise<Received>): void {
    const { epoch } = this.#state;
    this.#isHeard = true;
    this.#failure = null;
    listening
      .then(
        (received) => this.#memory.update(ledger.book(this.#state, received, now())),
        (error: unknown) => {
          // What listened on an earlier lease says nothing about this one.
          if (this.#state.epoch !== epoch) return;
          this.#failure = error;
          this.#memory.update(session.lost(this.#state));
        },
      )
      .finally(() => {
        this.#isHeard = false;
      });
  }

  /** Sends a message and listens for its answer. */
  #exchange(current: QueuedMessage): void {
    const { message_id, content, context } = current;
    const input = { lease: leaseOf(this.#state), message_id, content, context };
    this.#hear(exchange.executeWithOptions({ summary: summaryText(preview(current)) }, [input]));
  }

  /** Sends a message beside the activity that listens already; false when the line broke. */
  async #sendBeside({ message_id, content, context }: QueuedMessage): Promise<boolean> {
    try {
      await send({ lease: leaseOf(this.#state), message_id, content, context });
      return true;
    } catch (error) {
      log.warn('send failed, connecting again', { type: failureType(error) });
      this.#failure = error;
      this.#memory.update(session.lost(this.#state));
      return false;
    }
  }

  /** Waits until the current message has its outcome, the line breaks, or the session must end or continue as new. */
  async #settleCurrent(): Promise<void> {
    while (this.#isConnected && this.#state.current !== null && this.#state.closing === null) {
      const decision = interactions.nextToDeliver(this.#asked);
      if (decision !== null) {
        await this.#deliver(decision);
        continue;
      }
      if (session.isPutOff(this.#state)) {
        await this.#until(() => !session.isPutOff(this.#state) || this.#state.closing !== null || this.#isOverBudget());
        if (session.isPutOff(this.#state) && this.#isOverBudget()) return;
        continue;
      }
      if (!this.#isHeard) this.#hearCurrent(this.#state.current);
      const isDecided = (): boolean => interactions.nextToDeliver(this.#asked) !== null;
      await this.#until(() => !this.#isHeard || this.#state.closing !== null || isDecided());
    }
  }

  get #asked(): SessionInteractions {
    return session.interactionsOf(this.#state);
  }

  /** Sends the current message and listens; one that asked somebody before is with the gateway. */
  #hearCurrent(current: QueuedMessage): void {
    if (interactions.hasAsked(this.#asked, current.message_id)) this.listen(current.message_id);
    else this.#exchange(current);
  }

  /** Waits for a condition; what expires meanwhile is decided by that. */
  async #until(isOver: () => boolean): Promise<void> {
    const due = interactions.nextExpiry(this.#asked);
    if (due === null) return await condition(isOver);
    if (await condition(isOver, Math.max(1, Date.parse(due) - Date.now()))) return;
    this.#memory.update({ ...this.#state, interactions: interactions.expire(this.#asked, now()) });
  }

  /** Passes a decision to the gateway; over a new connection when this one broke. */
  async #deliver(settled: SettledInteraction): Promise<void> {
    const { interaction_id, answer, title } = settled;
    const words = answer === null ? 'nobody answered' : answerInWords(answer);
    const input = { lease: leaseOf(this.#state), end: interactions.endOf(settled) };
    try {
      const isTaken = await decide.executeWithOptions({ summary: `${title}: ${words}`.slice(0, SUMMARY_LENGTH) }, [
        input,
      ]);
      const note = isTaken ? interactions.delivered : interactions.voided;
      this.#memory.update({ ...this.#state, interactions: note(this.#asked, interaction_id) });
    } catch (error) {
      log.warn('a decision was not delivered, connecting again', { type: failureType(error) });
      this.#failure = error;
      this.#memory.update(session.lost(this.#state));
    }
  }
}
