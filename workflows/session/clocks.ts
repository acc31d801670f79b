import { condition, log, sleep } from '@temporalio/workflow';
import { idleAt, timeoutAt, wallClockAt } from '../state/deadlines.ts';
import type { Memory } from './memory.ts';
import * as session from '../state/session-state.ts';

/** The session's durable timers; they run beside its loop until the run ends. */
export interface Clocks {
  /** Whether the session was quiet for so long that its agent is to go; taken back by `idled`. */
  readonly idleDue: boolean;
  idled(): void;
}

/** Starts the clocks: lazy, each re-armed on firing and never touched by a message. */
export function startClocks(memory: Memory): Clocks {
  let idleDue = false;

  /** Fires when the session was quiet for `idle_after_seconds`. */
  async function idleClock(): Promise<void> {
    for (;;) {
      await condition(() => memory.state.status === 'active' && !idleDue);
      const due = idleAt(memory.state);
      if (due === null) return;
      const { last_activity } = memory.state;
      await sleep(Math.max(1, session.isQuiet(memory.state) ? due - Date.now() : due - Date.parse(last_activity)), {
        summary: 'idle check',
      });
      const { state } = memory;
      idleDue = state.status === 'active' && session.isQuiet(state) && Date.now() >= (idleAt(state) ?? Infinity);
    }
  }

  /** Ends the session that was quiet for `idle_timeout_seconds`. */
  async function timeoutClock(): Promise<void> {
    for (;;) {
      const { idle_timeout_seconds } = memory.state.options;
      const wait = session.isQuiet(memory.state) ? timeoutAt(memory.state) - Date.now() : idle_timeout_seconds * 1000;
      await sleep(Math.max(1, wait), { summary: 'idle timeout check' });
      if (!session.isQuiet(memory.state) || Date.now() < timeoutAt(memory.state)) continue;
      memory.update(session.close(memory.state, 'Idle timeout'));
      return;
    }
  }

  /** Ends the session whatever it does. */
  async function wallClock(): Promise<void> {
    const due = wallClockAt(memory.state);
    if (due === null) return;
    await sleep(Math.max(1, due - Date.now()), { summary: 'time limit' });
    memory.update(session.close(memory.state, 'Time limit'));
  }

  for (const clock of [idleClock(), timeoutClock(), wallClock()]) {
    // It ends with the run, and only a bug makes it fail.
    clock.catch((error: unknown) => log.error('a clock stopped', { error: String(error) }));
  }
  return {
    get idleDue() {
      return idleDue;
    },
    idled: () => void (idleDue = false),
  };
}
