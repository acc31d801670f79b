import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Caller } from './caller.ts';
import type { Prng } from './prng.ts';

/** How a user behaves: steady talk, long pauses in which the session falls idle, bursts, sessions that come and go. */
export type Habit = 'steady' | 'sleepy' | 'bursty' | 'fleeting';

export interface User {
  name: string;
  habit: Habit;
  /** Resolves after `leave`, with everything answered. */
  done: Promise<void>;
}

const HABITS: readonly Habit[] = ['steady', 'steady', 'sleepy', 'sleepy', 'bursty', 'fleeting'];
const LARGE_CHARACTERS = 70_000;

/** Starts users that talk until `leave` aborts, and then finish what they have begun. */
export function startUsers(options: {
  count: number;
  caller: Caller;
  prng: Prng;
  leave: AbortSignal;
  /** Divides pauses: a shorter run with the same variety. */
  pace: number;
  plain: boolean;
}): User[] {
  return Array.from({ length: options.count }, (_, index) => {
    const name = `u${index}`;
    const habit = HABITS[index % HABITS.length] ?? 'steady';
    const done = live(name, habit, { ...options, prng: options.prng.fork(name) });
    // It is looked at in the end; until then a failed user is no reason to stop.
    done.catch(() => undefined);
    return { name, habit, done };
  });
}

interface Life {
  caller: Caller;
  prng: Prng;
  leave: AbortSignal;
  pace: number;
  plain: boolean;
}

async function live(name: string, habit: Habit, life: Life): Promise<void> {
  const { caller, prng, leave } = life;
  await pause(prng.whole(0, 2_000), life);
  for (let round = 1; !leave.aborted; round += 1) {
    const sessionId = `${name}.${round}.${randomUUID().slice(0, 8)}`;
    const talks = habit === 'fleeting' ? prng.whole(1, 4) : Number.POSITIVE_INFINITY;
    // A fleeting session ends by itself as often as it is ended, so that its last message may meet the time-out.
    const timesOut = habit === 'fleeting' && prng.chance(0.5);
    await caller.create(sessionId, {
      idle_after_seconds: habit === 'sleepy' ? 1 : 30,
      idle_timeout_seconds: timesOut ? 2 : 3_600,
    });
    for (let talk = 1; talk <= talks && !leave.aborted; talk += 1) {
      await speak(`${sessionId}/${talk}`, sessionId, habit, life);
      await pause(habit === 'sleepy' ? prng.whole(800, 6_000) : prng.whole(300, 4_000), life);
    }
    if (habit === 'fleeting' && !timesOut) await caller.disconnect(sessionId);
    if (timesOut) await pause(3_000, life);
  }
}

async function speak(key: string, sessionId: string, habit: Habit, { caller, prng, plain }: Life): Promise<void> {
  const many = habit === 'bursty' || prng.chance(0.1) ? prng.whole(2, 4) : 1;
  const messages = Array.from({ length: many }, (_, index) => {
    const label = `${key}.${index}`;
    return { key: label, content: plain ? `say ${label}` : words(label, prng) };
  });
  const [first] = messages;
  if (messages.length > 1) return await caller.askInARow(sessionId, messages);
  if (first !== undefined) await caller.ask(sessionId, first.key, first.content);
}

/** A message with a script for the simulator: mostly quick ones, some of every kind. */
function words(label: string, prng: Prng): string {
  const roll = prng.next();
  if (roll < 0.3) return `say ${label}`;
  if (roll < 0.55) return `[think ${prng.whole(50, 400)}ms] say ${label}`;
  if (roll < 0.7) return `[stream 20ms] say ${label} in some more words than that`;
  if (roll < 0.8) return `[tool Bash npm test] [think 300ms] say ${label}`;
  if (roll < 0.86) return `[think ${prng.whole(800, 2_000)}ms] say ${label}`;
  if (roll < 0.9) return `[background ${prng.whole(200, 1_500)}ms] say ${label}`;
  if (roll < 0.94) return `[fail no luck with ${label}] say`;
  if (roll < 0.97) return `[chars 40000] say ${label}`;
  return `say ${label} ${'x'.repeat(LARGE_CHARACTERS)}`;
}

async function pause(ms: number, { leave, pace }: Life): Promise<void> {
  await sleep(ms / pace, undefined, { signal: leave }).catch(() => undefined);
}
