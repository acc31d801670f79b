import { setTimeout as sleep } from 'node:timers/promises';
import type { Parts, PartName } from './parts.ts';
import type { Prng } from './prng.ts';

/** One kind of harm. `run` resolves when the harm is over and only the recovery is left. */
export interface Strike {
  name: string;
  /** How often it is drawn. */
  weight: number;
  /** How many processes it kills. */
  kills: number;
  /** What recovers: the row of the recovery table that its times go to. */
  recovers: string;
  run(parts: Parts, prng: Prng): Promise<void>;
}

/** Places in each part at which it can be told to kill itself: `CRASH_POINT`. */
export const FAULT_POINTS: Record<PartName, readonly string[]> = {
  temporal: [],
  app: [
    'workflows.start',
    'workflows.start.done',
    'workflows.submit',
    'workflows.submit.done',
    'workflows.submitStored.done',
    'workflows.disconnect.done',
    'mirror.write',
    'mirror.write.done',
    'activities.connect.done',
    'activities.exchange',
    'activities.exchange.done',
    'activities.receive',
    'activities.release',
    'activities.release.done',
    'activities.mirror.done',
    'workflow.next_run',
  ],
  gateway: [
    'journal.accepted',
    'journal.accepted.done',
    'journal.tool_started.done',
    'journal.background.done',
    'journal.result',
    'journal.result.done',
    'agent.send',
    'agent.delta',
    'agent.progress',
    'agent.ended',
    'agent.stop',
  ],
};

const kill = (...names: PartName[]) =>
  async function run(parts: Parts): Promise<void> {
    for (const name of names) parts.signal(name, 'SIGKILL');
  };

const hold = (name: PartName, lowMs: number, highMs: number) =>
  async function run(parts: Parts, prng: Prng): Promise<void> {
    parts.signal(name, 'SIGSTOP');
    await sleep(prng.whole(lowMs, highMs));
    parts.signal(name, 'SIGCONT');
  };

/** Everything that can happen, with how often it does. */
export const STRIKES: readonly Strike[] = [
  { name: 'app killed', weight: 14, kills: 1, recovers: 'app', run: kill('app') },
  { name: 'gateway killed', weight: 14, kills: 1, recovers: 'gateway', run: kill('gateway') },
  { name: 'Temporal killed', weight: 10, kills: 1, recovers: 'Temporal', run: kill('temporal') },
  { name: 'app and gateway killed', weight: 4, kills: 2, recovers: 'several at once', run: kill('app', 'gateway') },
  { name: 'all killed', weight: 2, kills: 3, recovers: 'several at once', run: kill('temporal', 'gateway', 'app') },
  {
    name: 'app stopped for a while',
    weight: 1,
    kills: 0,
    recovers: 'app, after SIGCONT',
    run: hold('app', 500, 9_000),
  },
  {
    name: 'gateway stopped for a while',
    weight: 1,
    kills: 0,
    recovers: 'gateway, after SIGCONT',
    run: hold('gateway', 500, 9_000),
  },
  {
    name: 'Temporal stopped for a while',
    weight: 1,
    kills: 0,
    recovers: 'Temporal, after SIGCONT',
    run: hold('temporal', 500, 9_000),
  },
  {
    name: 'callers cut off',
    weight: 1,
    kills: 0,
    recovers: 'line to callers',
    run: async ({ lines }) => void lines.rest.cut(),
  },
  {
    name: 'line app to gateway cut',
    weight: 2,
    kills: 0,
    recovers: 'line to gateway',
    run: async ({ lines }) => void lines.gateway.cut(),
  },
  {
    name: 'line app to Temporal cut',
    weight: 2,
    kills: 0,
    recovers: 'line to Temporal',
    run: async ({ lines }) => void lines.temporal.cut(),
  },
  {
    name: 'line app to gateway frozen',
    weight: 1,
    kills: 0,
    recovers: 'line to gateway, after it thawed',
    async run({ lines }: Parts, prng: Prng): Promise<void> {
      lines.gateway.freeze();
      await sleep(prng.whole(500, 6_000));
      lines.gateway.thaw();
    },
  },
];

/** Temporal is killed and stays away. */
export function outage(ms: number): Strike {
  return {
    name: `Temporal away for ${ms / 1000} s`,
    weight: 0,
    kills: 1,
    recovers: `Temporal, back after ${ms / 1000} s`,
    async run(parts) {
      await parts.lines.temporal.down();
      parts.signal('temporal', 'SIGKILL');
      await sleep(ms);
      await parts.lines.temporal.up();
    },
  };
}

/** Draws a strike by weight. */
export function drawStrike(prng: Prng): Strike {
  let left = prng.next() * STRIKES.reduce((sum, strike) => sum + strike.weight, 0);
  for (const strike of STRIKES) {
    left -= strike.weight;
    if (left < 0) return strike;
  }
  throw new Error('The weights do not add up');
}
