const WARM_ROUNDS = 4;

/** What a series of times says, in milliseconds. */
export interface Figures {
  p50: number;
  p95: number;
  p99: number;
  max: number;
}

/** The percentiles of a series of milliseconds. */
export function figuresOf(times: readonly number[]): Figures {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (part: number): number =>
    round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0);
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99), max: at(1) };
}

/** Rounds to hundredths. */
export function round(value: number): number {
  return Math.round(value * 100) / 100;
}

/** One after another; the first `warmUp` runs do not count. */
export async function serial(runs: number, warmUp: number, call: (run: number) => Promise<unknown>): Promise<Figures> {
  const times: number[] = [];
  for (let run = 0; run < warmUp + runs; run += 1) {
    const began = performance.now();
    await call(run);
    if (run >= warmUp) times.push(performance.now() - began);
  }
  return figuresOf(times);
}

/**
 * Several kinds of call in turn, ten of a kind at a time, so that a machine that changes its speed changes all of them;
 * the first rounds and the first calls after each change do not count.
 */
export async function inTurn<K extends string>(
  rounds: number,
  calls: Record<K, () => Promise<unknown>>,
): Promise<Record<K, Figures>> {
  const names = Object.keys(calls) as K[];
  const times = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<K, number[]>;
  for (let round = -WARM_ROUNDS; round < rounds; round += 1) {
    for (const name of names) {
      for (let run = -2; run < 10; run += 1) {
        const began = performance.now();
        await calls[name]();
        if (round >= 0 && run >= 0) times[name].push(performance.now() - began);
      }
      // What a call leaves to be done in the background is no burden of the next kind.
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
  }
  return Object.fromEntries(names.map((name) => [name, figuresOf(times[name])])) as Record<K, Figures>;
}

export interface LoadFigures extends Figures {
  perSecond: number;
  failed: number;
}

/** Closed loop: every client sends its next call when the last one is answered. */
export async function closedLoop(
  clients: number,
  callsEach: number,
  call: (client: number) => Promise<unknown>,
): Promise<LoadFigures> {
  const times: number[] = [];
  const began = performance.now();
  await Promise.all(
    Array.from({ length: clients }, async (_, client) => {
      for (let run = 0; run < callsEach; run += 1) {
        const start = performance.now();
        await call(client);
        times.push(performance.now() - start);
      }
    }),
  );
  const seconds = (performance.now() - began) / 1000;
  return { ...figuresOf(times), perSecond: round(times.length / seconds), failed: 0 };
}

/** Open loop: calls begin at a constant rate whatever becomes of them; a time counts from the intended start. */
export async function openLoop(
  perSecond: number,
  seconds: number,
  call: (run: number) => Promise<unknown>,
): Promise<LoadFigures> {
  const times: number[] = [];
  let failed = 0;
  const began = performance.now();
  const calls: Promise<void>[] = [];
  for (let run = 0; run < perSecond * seconds; run += 1) {
    const intended = began + (run * 1000) / perSecond;
    const wait = intended - performance.now();
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
    calls.push(
      call(run).then(
        () => void times.push(performance.now() - intended),
        () => void (failed += 1),
      ),
    );
  }
  await Promise.all(calls);
  return { ...figuresOf(times), perSecond: round(times.length / ((performance.now() - began) / 1000)), failed };
}
