import { condition, log, sleep } from '@temporalio/workflow';
import { idleAt, timeoutAt, wallClockAt } from '../state/deadlines.ts';
import * as session from '../state/session-state.ts';
import type { Memory } from './memory.ts';

/**
 * The session's durable timers. They run beside its loop until the run ends; each is set again when it fires and is not touched
 * by a message.
 */
export class Clocks {
  readonly #memory: Memory;
  #idleDue = false;

  constructor(memory: Memory) {
    this.#memory = memory;
    for (const clock of [this.#idleClock(), this.#timeoutClock(), this.#wallClock()]) {
      // It ends with the run, and only a bug makes it fail.
      clock.catch((error: unknown) => log.error('a clock stopped', { error: String(error) }));
    }
  }

  /** Whether the session was quiet for so long that its agent must be released; `idled` resets it. */
  get idleDue(): boolean {
    return this.#idleDue;
  }

  idled(): void {
    this.#idleDue = false;
  }

  get #isActive(): boolean {
    return session.statusOf(this.#memory.state) === 'active';
  }

  /** Fires when the session was quiet for `idle_after_seconds`. */
  async #idleClock(): Promise<void> {
    for (;;) {
      await condition(() => this.#isActive && !this.#idleDue && !session.isPutOff(this.#memory.state));
      const { state } = this.#memory;
      const due = idleAt(state);
      if (due === null) return;
      const wait = session.isQuiet(state) ? due - Date.now() : due - Date.parse(state.last_activity);
      await sleep(Math.max(1, wait), { summary: 'idle check' });
      const isPast = Date.now() >= (idleAt(this.#memory.state) ?? Infinity);
      this.#idleDue = this.#isActive && session.isQuiet(this.#memory.state) && isPast;
    }
  }

  /** Ends the session that was quiet for `idle_timeout_seconds`. */
  async #timeoutClock(): Promise<void> {
    for (;;) {
      // A session that waits for a person for days sets no timers.
      if (session.isPutOff(this.#memory.state)) await condition(() => !session.isPutOff(this.#memory.state));
      const { state } = this.#memory;
      const wait = session.isQuiet(state) ? timeoutAt(state) - Date.now() : state.options.idle_timeout_seconds * 1000;
      await sleep(Math.max(1, wait), { summary: 'idle timeout check' });
      if (!session.isQuiet(this.#memory.state) || Date.now() < timeoutAt(this.#memory.state)) continue;
      this.#memory.update(session.close(this.#memory.state, 'Idle timeout'));
      return;
    }
  }

  /** Ends the session whatever it does. */
  async #wallClock(): Promise<void> {
    const due = wallClockAt(this.#memory.state);
    if (due === null) return;
    await sleep(Math.max(1, due - Date.now()), { summary: 'time limit' });
    this.#memory.update(session.close(this.#memory.state, 'Time limit'));
  }
}
