import type { Failure } from '../../domain/session.ts';
import type { Logger } from '../../domain/logger.ts';
import { hasWorked, sampleTree } from '../processes/process-activity.ts';
import type { TreeSample } from '../processes/process-activity.ts';
import type { ProcessInfo } from '../processes/process-table.ts';
import type { SignsOfLife } from './signs-of-life.ts';
import { turnStalled, turnTimedOut } from './stop-reasons.ts';

/** An agent takes a message at once; one that shows nothing at all for so long does not take any. */
const FIRST_SIGN_MS = 60_000;
const MAX_CHECK_MS = 5_000;

/** A session as far as its turn is watched. */
export interface WatchedSession {
  readonly sessionId: string;
  /** What stays the same as long as one turn runs; null when none does. */
  readonly running: object | null;
  /** The agent of it; null while it starts. */
  readonly agent: { readonly pid: number | null } | null;
  readonly signs: SignsOfLife;
  /** The session's own limit of a turn, in seconds; 0: none. */
  readonly turnLimitSeconds: number | undefined;
  /** Tells the reason and stops the turn, with the agent if it must be. */
  giveUp(why: Failure): void;
}

interface Watched {
  beganAt: number;
  agentSince: number | null;
  /** When there was last a sign of work. */
  signAt: number;
  sample: TreeSample | null;
  givenUp: boolean;
}

export interface TurnWatchOptions {
  sessions: () => Iterable<WatchedSession>;
  /** Null where the system does not show its processes: a quiet agent is left alone there. */
  listProcesses: () => Promise<ProcessInfo[] | null>;
  /** How long an agent may show no sign of work; 0: for ever. */
  stallMs: number;
  /** How long a turn may take; 0: for ever. */
  turnLimitMs: number;
  logger: Logger;
}

/** Ends turns that stand still or take too long, each with its reason. Call `check` again and again, `intervalMs` apart. */
export function makeTurnWatch(options: TurnWatchOptions): { intervalMs: number; check(): Promise<void> } {
  const { stallMs, turnLimitMs, logger } = options;
  const limits = [stallMs, turnLimitMs].filter((limit) => limit > 0);
  const intervalMs = Math.max(20, Math.min(MAX_CHECK_MS, ...limits.map((limit) => limit / 5)));
  const watched = new WeakMap<object, Watched>();

  function look(turn: object, session: WatchedSession, now: number): Watched {
    const fresh: Watched = { beganAt: now, agentSince: null, signAt: now, sample: null, givenUp: false };
    const entry = watched.get(turn) ?? fresh;
    if (session.agent === null) entry.agentSince = null;
    else entry.agentSince ??= now;
    entry.signAt = Math.max(entry.signAt, session.signs.reportedAt);
    watched.set(turn, entry);
    return entry;
  }

  function patienceMs(entry: Watched, session: WatchedSession): number {
    const hasShown = entry.agentSince !== null && session.signs.reportedAt >= entry.agentSince - 2 * intervalMs;
    return hasShown ? stallMs : Math.min(stallMs, FIRST_SIGN_MS);
  }

  /** Whether an agent that says nothing works all the same. */
  function worksQuietly(entry: Watched, session: WatchedSession, processes: ProcessInfo[], now: number): boolean {
    if (session.signs.remoteCalls.length > 0) return true;
    const pid = session.agent?.pid ?? null;
    if (pid === null) return false;
    const sample = sampleTree(processes, pid, session.signs.toolsSince, now);
    const works = sample !== null && hasWorked(sample, entry.sample);
    entry.sample = sample;
    return works;
  }

  function giveUp(entry: Watched, session: WatchedSession, why: Failure): void {
    entry.givenUp = true;
    logger.warn({ session_id: session.sessionId, code: why.code, reason: why.message }, 'a turn is given up');
    session.giveUp(why);
  }

  return {
    intervalMs,
    async check() {
      const quiet: [Watched, WatchedSession][] = [];
      const now = Date.now();
      for (const session of options.sessions()) {
        const turn = session.running;
        if (turn === null) continue;
        const entry = look(turn, session, now);
        if (entry.givenUp) continue;
        const limitMs = session.turnLimitSeconds === undefined ? turnLimitMs : session.turnLimitSeconds * 1000;
        if (limitMs > 0 && now - entry.beganAt >= limitMs) giveUp(entry, session, turnTimedOut(limitMs));
        else if (stallMs > 0 && entry.agentSince !== null && now - entry.signAt >= 2 * intervalMs) {
          quiet.push([entry, session]);
        }
      }
      if (quiet.length === 0) return;
      const processes = await options.listProcesses();
      if (processes === null) return;
      for (const [entry, session] of quiet) {
        if (worksQuietly(entry, session, processes, now)) entry.signAt = now;
        const limit = patienceMs(entry, session);
        if (now - entry.signAt >= limit && session.running !== null) giveUp(entry, session, turnStalled(limit));
      }
    },
  };
}
