import type { Logger } from '../../domain/logger.ts';
import type { Failure } from '../../domain/session/session.ts';
import type { AgentReport } from '../drivers/driver.ts';
import type { SessionRow } from '../journal/journal.ts';
import { hasWorked, sampleTree } from '../processes/process-activity.ts';
import type { TreeSample } from '../processes/process-activity.ts';
import type { ProcessInfo } from '../processes/process-table.ts';
import { turnStalled, turnTimedOut } from './stop-reasons.ts';

/** What an agent last showed of its work. Times in milliseconds since the epoch. */
export interface SignsOfLife {
  /** When it last reported anything. */
  reportedAt: number;
  /** When the running turn began its first tool; null before that. */
  toolsSince: number | null;
  /** Tool calls that an MCP server carries out: it may be quiet and needs no process of the agent. */
  remoteCalls: string[];
}

/** An agent that has not reported yet. */
export function noSigns(now: number): SignsOfLife {
  return { reportedAt: now, toolsSince: null, remoteCalls: [] };
}

/** The signs after one more report. */
export function noteReport(signs: SignsOfLife, report: AgentReport, now: number): SignsOfLife {
  if (report.type === 'ended' || report.type === 'exited') return noSigns(now);
  if (report.type !== 'progress') return { ...signs, reportedAt: now };
  const { event } = report;
  if (event.type === 'tool_started') {
    const remoteCalls = event.tool.startsWith('mcp__') ? [...signs.remoteCalls, event.tool_use_id] : signs.remoteCalls;
    return { reportedAt: now, toolsSince: signs.toolsSince ?? now, remoteCalls };
  }
  if (event.type !== 'tool_finished') return { ...signs, reportedAt: now };
  return { ...signs, reportedAt: now, remoteCalls: signs.remoteCalls.filter((id) => id !== event.tool_use_id) };
}

/** An agent reacts to a message at once. One that shows nothing at all for this long has not received it. */
const FIRST_SIGN_MS = 60_000;
const MAX_CHECK_MS = 5_000;

/** A session as far as its turn is watched. */
export interface WatchedSession {
  readonly row: Pick<SessionRow, 'session_id' | 'options'>;
  /** An object that stays the same as long as one turn runs; null when no turn runs. */
  readonly running: object | null;
  /** The session's agent; null while it starts. */
  readonly slot: { readonly agent: { readonly pid: number | null } | null };
  readonly signs: SignsOfLife;
  /** Reports the reason and stops the turn, if necessary together with the agent. */
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
  /** Null where the system does not show its processes: a quiet agent is not given up there. */
  listProcesses: () => Promise<ProcessInfo[] | null>;
  /** How long an agent may show no sign of work; 0: for ever. */
  stallMs: number;
  /** How long a turn may take; 0: for ever. */
  turnLimitMs: number;
  logger: Logger;
}

/** Ends turns that stand still or take too long, each with its reason. */
export class TurnWatch {
  readonly #options: TurnWatchOptions;
  /** How far apart the checks are. */
  readonly #intervalMs: number;
  readonly #watched = new WeakMap<object, Watched>();
  #timer: NodeJS.Timeout | null = null;
  #checking = false;

  constructor(options: TurnWatchOptions) {
    this.#options = options;
    const limits = [options.stallMs, options.turnLimitMs].filter((limit) => limit > 0);
    this.#intervalMs = Math.max(20, Math.min(MAX_CHECK_MS, ...limits.map((limit) => limit / 5)));
  }

  /** Checks again and again until `stop`. */
  start(): void {
    this.#timer = setInterval(() => {
      if (this.#checking) return;
      this.#checking = true;
      this.check()
        .catch((error: unknown) => this.#options.logger.error({ err: error }, 'the turns could not be watched'))
        .finally(() => (this.#checking = false));
    }, this.#intervalMs).unref();
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
  }

  /** Looks at every running turn once. */
  async check(): Promise<void> {
    const { stallMs, turnLimitMs } = this.#options;
    const quiet: [Watched, WatchedSession][] = [];
    const now = Date.now();
    for (const session of this.#options.sessions()) {
      const turn = session.running;
      if (turn === null) continue;
      const entry = this.#look(turn, session, now);
      if (entry.givenUp) continue;
      const { turn_limit_seconds: own } = session.row.options;
      const limitMs = own === undefined ? turnLimitMs : own * 1000;
      if (limitMs > 0 && now - entry.beganAt >= limitMs) this.#giveUp(entry, session, turnTimedOut(limitMs));
      else if (stallMs > 0 && entry.agentSince !== null && now - entry.signAt >= 2 * this.#intervalMs) {
        quiet.push([entry, session]);
      }
    }
    if (quiet.length === 0) return;
    const turns = quiet.map(([, session]) => session.running);
    const processes = await this.#options.listProcesses();
    if (processes === null) return;
    for (const [index, [entry, session]] of quiet.entries()) {
      if (worksQuietly(entry, session, processes, now)) entry.signAt = now;
      const limit = this.#patienceMs(entry, session);
      const stillRuns = session.running !== null && session.running === turns[index];
      if (now - entry.signAt >= limit && stillRuns) this.#giveUp(entry, session, turnStalled(limit));
    }
  }

  #look(turn: object, session: WatchedSession, now: number): Watched {
    const fresh: Watched = { beganAt: now, agentSince: null, signAt: now, sample: null, givenUp: false };
    const entry = this.#watched.get(turn) ?? fresh;
    if (session.slot.agent === null) entry.agentSince = null;
    else entry.agentSince ??= now;
    entry.signAt = Math.max(entry.signAt, session.signs.reportedAt);
    this.#watched.set(turn, entry);
    return entry;
  }

  #patienceMs({ agentSince }: Watched, { signs }: WatchedSession): number {
    const { stallMs } = this.#options;
    const hasShown = agentSince !== null && signs.reportedAt >= agentSince - 2 * this.#intervalMs;
    return hasShown ? stallMs : Math.min(stallMs, FIRST_SIGN_MS);
  }

  #giveUp(entry: Watched, session: WatchedSession, why: Failure): void {
    entry.givenUp = true;
    const { session_id } = session.row;
    this.#options.logger.warn({ session_id, code: why.code, reason: why.message }, 'a turn is given up');
    session.giveUp(why);
  }
}

/** Whether an agent that reports nothing works nevertheless. */
function worksQuietly(entry: Watched, session: WatchedSession, processes: ProcessInfo[], now: number): boolean {
  if (session.signs.remoteCalls.length > 0) return true;
  const pid = session.slot.agent?.pid ?? null;
  if (pid === null) return false;
  const sample = sampleTree(processes, pid, session.signs.toolsSince, now);
  const works = sample !== null && hasWorked(sample, entry.sample);
  entry.sample = sample;
  return works;
}
