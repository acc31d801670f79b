import { condition, log } from '@temporalio/workflow';
import { failureOf, failureType } from '../failures.ts';
import { mirror, mirrorFar, release } from '../proxies.ts';
import type { Released } from '../session-activities.ts';
import { reportDropped, reportRefused } from '../state/reports.ts';
import { withdrawAll } from '../state/session-interactions.ts';
import * as ledger from '../state/session-ledger.ts';
import * as queue from '../state/session-queue.ts';
import * as session from '../state/session-state.ts';
import type { SessionState } from '../state/session-state.ts';
import { leaseOf, snapshotOf, summaryText } from '../state/session-views.ts';
import type { Line } from './line.ts';
import { now, type Memory } from './memory.ts';

/** A gateway that is there releases at once; one that is away has no agent, or ends it by itself. */
const ONE_TRY = { retry: { maximumAttempts: 1 } };

/** How long a session that ends waits for the gateway to settle the turn that runs. */
const CLOSE_WAIT = '15s';

/** How a session ends: its agent for a while, messages that it refuses, everything. */
export class Ending {
  readonly #memory: Memory;
  readonly #line: Line;

  constructor(memory: Memory, line: Line) {
    this.#memory = memory;
    this.#line = line;
  }

  /** Releases the agent; the conversation stays. */
  async goIdle(): Promise<void> {
    const lease = leaseOf(this.#state);
    this.#update(session.idled(this.#state));
    const input = { lease, mode: 'idle' as const, reason: 'idle', snapshot: snapshotOf(this.#state) };
    this.#book(await release.executeWithOptions({ summary: 'idle: release the agent' }, [input]));
    this.#memory.showStatus();
  }

  /** Writes to the mirror which messages were accepted and cannot be carried out. */
  async flushRefused(): Promise<void> {
    await this.#flush(mirror);
  }

  /** Ends: the agent is released, what runs or waits is reported, the mirror is written. Returns what a later start continues from. */
  async end(): Promise<SessionState> {
    if (!session.isReleased(this.#state)) {
      this.#update(session.disconnecting(this.#withdrawn(this.#state.closing ?? '')));
      await mirror([{ type: 'session', snapshot: snapshotOf(this.#state) }]);
      if (this.#state.current !== null) this.#line.listen(this.#state.current.message_id);
      await this.#close(this.#state.closing ?? '');
      await condition(() => this.#state.current === null || !this.#line.isHeard, CLOSE_WAIT);
    }
    this.#update(session.disconnected(this.#state, now()));
    return await this.#finish();
  }

  /** The same for a session whose agent cannot be reached. */
  async giveUp(error: unknown): Promise<SessionState> {
    const failure = failureOf(error);
    this.#update(session.broken(this.#withdrawn(failure.message), failure, now()));
    // It may be starting still. One that another lease holds is not ours to release.
    if (failure.code !== 'LEASE_LOST') await this.#close(failure.message, ONE_TRY);
    return await this.#finish();
  }

  get #state(): SessionState {
    return this.#memory.state;
  }

  /** The state in which nobody is asked any longer. */
  #withdrawn(reason: string): SessionState {
    const { interactions } = this.#state;
    return interactions === undefined
      ? this.#state
      : { ...this.#state, interactions: withdrawAll(interactions, reason, now()) };
  }

  #update(next: SessionState): void {
    this.#memory.update(next);
  }

  #book(released: Released): void {
    this.#update(ledger.released(this.#state, released, now()));
  }

  async #close(reason: string, options: Partial<typeof ONE_TRY> = {}): Promise<void> {
    const input = { lease: leaseOf(this.#state), mode: 'close' as const, reason, snapshot: null };
    try {
      this.#book(await release.executeWithOptions({ summary: summaryText(`close: ${reason}`), ...options }, [input]));
    } catch (error) {
      log.warn('release failed', { type: failureType(error) });
    }
  }

  /** Reports what was not carried out, also what came while the end was being written. */
  async #finish(): Promise<SessionState> {
    const { length } = this.#state.refused;
    const reports = [...reportRefused(this.#state, now()), ...reportDropped(this.#state, now())];
    this.#update(queue.noteUnsent(this.#state, reports));
    await mirror([...reports, { type: 'session', snapshot: snapshotOf(this.#state) }]);
    this.#update(queue.dropAll(queue.dropRefused(this.#state, length)));
    this.#memory.showStatus();
    await this.#flush(mirrorFar.mirror);
    return this.#state;
  }

  /** What came during a write is written far: two slow ones near would prolong the workflow task. */
  async #flush(write: typeof mirror): Promise<void> {
    for (; this.#state.refused.length > 0; write = mirrorFar.mirror) {
      const { length } = this.#state.refused;
      const reports = reportRefused(this.#state, now());
      await write(reports);
      this.#update(queue.dropRefused(queue.noteUnsent(this.#state, reports), length));
    }
  }
}
