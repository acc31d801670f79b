import { setTimeout as sleep } from 'node:timers/promises';
import type { Caller } from './caller.ts';
import type { CallerLedger, SentMessage } from './ledger.ts';

/** Milliseconds from a harm to the next answer on the same session, by what recovered. */
export type RecoveryTimes = Map<string, number[]>;

/** An answer that was on its way already is no recovery. */
const UNTOUCHED_MS = 20;
const LIMIT_MS = 60_000;

/** Measures how soon sessions answer again: those that a probe asks at that moment and those that waited for an answer. */
export function makeRecoveryWatch(options: {
  caller: Caller;
  ledger: CallerLedger;
  probes: string[];
  /** Told of an answer that took this long. */
  slowMs: number;
  slow(sessionId: string, tookMs: number, recovers: string): void;
}): {
  times: RecoveryTimes;
  /** Another harm came: what is being measured counts as the recovery from several. */
  disturb(): void;
  /** Measures from now on; resolves when each session has answered, after a minute with those that have not. */
  measure(recovers: string): Promise<string[]>;
} {
  const { caller, ledger, probes } = options;
  const times: RecoveryTimes = new Map();
  let count = 0;
  let disturbed = false;

  function keep(recovers: string, found: number[]): void {
    const name = disturbed ? 'several at once' : recovers;
    times.set(name, [...(times.get(name) ?? []), ...found]);
  }

  return {
    times,
    disturb: () => void (disturbed = true),
    async measure(recovers) {
      disturbed = false;
      const began = performance.now();
      const waiting = new Map<string, SentMessage>();
      for (const message of ledger.open())
        if (!waiting.has(message.session_id)) waiting.set(message.session_id, message);
      const found: number[] = [];
      const stop = ledger.onAnswer(({ session_id, answeredAt, refused }) => {
        if (answeredAt === null || !waiting.delete(session_id)) return;
        const tookMs = answeredAt - began;
        if (tookMs <= UNTOUCHED_MS || refused !== null) return;
        found.push(tookMs);
        if (tookMs > options.slowMs) options.slow(session_id, tookMs, recovers);
      });
      count += 1;
      const probe = probes[count % probes.length]!;
      try {
        let probed = false;
        const asked = caller.ask(probe, `${probe}/recovery.${count}`, `say recovery ${count}`);
        asked.then(
          () => (probed = true),
          () => undefined,
        );
        while ((waiting.size > 0 || !probed) && performance.now() - began < LIMIT_MS) await sleep(20);
        if (!probed) waiting.set(probe, ledger.messages.at(-1)!);
        return disturbed
          ? []
          : [...waiting.keys()].map((id) => `${id}: no answer for ${LIMIT_MS / 1000} s (${recovers})`);
      } finally {
        stop();
        keep(recovers, found);
      }
    },
  };
}

/** The value that a share of the values does not pass. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}
