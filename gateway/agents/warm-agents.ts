import { randomUUID } from 'node:crypto';
import { freemem } from 'node:os';
import type { PoolMember } from './agent-pool.ts';
import type { AgentWish } from './agent-slot.ts';
import type { Agent, AgentReport, Conversation, StartAhead } from '../drivers/driver.ts';
import { launchAgent } from './launch-agent.ts';
import type { LaunchDeps } from './launch-agent.ts';

/** How long an agent that no session takes is kept. */
const KEEP_MS = 10 * 60_000;
/** A start takes about a second of a processor, which a turn that just begins is not to miss. */
const DELAY_MS = 1_000;
/** Below this much free memory nothing is started ahead. */
const SPARE_BYTES = 2 ** 30;
const STOP_GRACE_MS = 1_000;

/** An agent that was started ahead, now in a session's hands. */
export interface ClaimedAgent {
  agent: Agent;
  conversation: Conversation;
  since: string;
  /** Tells its reports to the session from now on. */
  attach(report: (report: AgentReport) => void): void;
}

/** Agents that were started before a session wants them. */
export interface WarmAgents {
  /** One that fits a new session's wish and whose place goes over to `member`; null when there is none. */
  claim(wish: AgentWish, member: PoolMember): Promise<ClaimedAgent | null>;
  /** A new session of this kind began: the next one is to find an agent. */
  foresee(wish: AgentWish): void;
  /** Those that wait. */
  all(): { agent: Agent; since: string }[];
  /** Lets all of them go, and starts no more. */
  shutDown(): Promise<void>;
}

interface Warm {
  key: string;
  member: PoolMember;
  claimed: Omit<ClaimedAgent, 'agent'> & { agent: Agent | null };
  /** What its agent reads when it starts, as it was then. */
  fingerprint: string;
  expiry: NodeJS.Timeout;
  stop(): Promise<void>;
}

export function makeWarmAgents(deps: LaunchDeps & { count: number; keepMs?: number; delayMs?: number }): WarmAgents {
  const { pool, logger, count } = deps;
  if (deps.driver.ahead === null || count === 0) return NO_WARM_AGENTS;
  const ahead: StartAhead = deps.driver.ahead;
  let warm: Warm[] = [];
  const planned = new Map<string, NodeJS.Timeout>();
  const starting = new Set<Promise<void>>();
  let isOver = false;

  function plan(wish: AgentWish): void {
    const key = keyOf(wish);
    clearTimeout(planned.get(key));
    const timer = setTimeout(() => {
      planned.delete(key);
      const start = begin(wish)
        .catch((error: unknown) => logger.warn({ err: error }, 'an agent could not be started ahead'))
        .finally(() => starting.delete(start));
      starting.add(start);
    }, deps.delayMs ?? DELAY_MS);
    timer.unref();
    planned.set(key, timer);
  }

  async function begin(wish: AgentWish): Promise<void> {
    const key = keyOf(wish);
    if (isOver || warm.some((each) => each.key === key) || freemem() < SPARE_BYTES) return;
    while (warm.length >= count) drop(warm[0]!);
    const giveUp = new AbortController();
    // Before any agent of a session.
    const member: PoolMember = { idleSince: () => 0, evict: () => drop(entry) };
    const fingerprint = await ahead.fingerprint(wish.project_path);
    if (isOver || !pool.reserveSpare(member)) return;

    let target: ((report: AgentReport) => void) | null = null;
    let ended: AgentReport | null = null;
    const entry: Warm = {
      key,
      member,
      fingerprint,
      expiry: setTimeout(() => drop(entry), deps.keepMs ?? KEEP_MS).unref(),
      claimed: {
        agent: null,
        conversation: { id: randomUUID(), established: false, counters: {} },
        since: new Date().toISOString(),
        attach(report) {
          target = report;
          if (ended !== null) report(ended);
        },
      },
      async stop() {
        giveUp.abort();
        await entry.claimed.agent?.stop(STOP_GRACE_MS);
      },
    };
    warm.push(entry);

    function report(each: AgentReport): void {
      if (target !== null) return target(each);
      if (each.type === 'conversation') entry.claimed.conversation = each.conversation;
      if (each.type !== 'exited') return;
      ended = each;
      forget(entry);
    }

    try {
      const { conversation } = entry.claimed;
      const request = { ...wish, session_id: '', conversation, signal: giveUp.signal };
      const agent = await launchAgent(deps, { ...request, report });
      entry.claimed.agent = agent;
      if (!warm.includes(entry)) return await agent.stop(STOP_GRACE_MS);
      await agent.warmUp();
    } catch (error) {
      forget(entry);
      if (!giveUp.signal.aborted) throw error;
    }
  }

  function forget(entry: Warm): void {
    clearTimeout(entry.expiry);
    if (!warm.includes(entry)) return;
    warm = warm.filter((each) => each !== entry);
    pool.free(entry.member);
  }

  function drop(entry: Warm): void {
    forget(entry);
    entry.stop().catch((error: unknown) => logger.error({ err: error }, 'an agent could not be let go'));
  }

  /** Takes it out in the same breath in which it is found, so that no two sessions have one agent. */
  async function take(wish: AgentWish, member: PoolMember): Promise<ClaimedAgent | null> {
    const key = keyOf(wish);
    if (!warm.some((each) => each.key === key) || !(await ahead.isNew(wish.conversation))) return null;
    const now = await ahead.fingerprint(wish.project_path);
    const entry = warm.find((each) => each.key === key && each.claimed.agent !== null);
    if (entry === undefined) return null;
    const { agent } = entry.claimed;
    if (agent === null || entry.fingerprint !== now) {
      drop(entry);
      return null;
    }
    forget(entry);
    pool.reserve(member);
    return { ...entry.claimed, agent };
  }

  return {
    claim: async (wish, member) => (wish.conversation.established ? null : take(wish, member)),
    foresee(wish) {
      if (!isOver) plan(wish);
    },
    all: () => warm.flatMap(({ claimed: { agent, since } }) => (agent === null ? [] : [{ agent, since }])),
    async shutDown() {
      isOver = true;
      for (const timer of planned.values()) clearTimeout(timer);
      const left = warm;
      for (const entry of left) forget(entry);
      await Promise.all([...left.map((entry) => entry.stop()), ...starting]);
    },
  };
}

/** For agents that gain nothing by it. */
export const NO_WARM_AGENTS: WarmAgents = {
  claim: async () => null,
  foresee: () => undefined,
  all: () => [],
  shutDown: async () => undefined,
};

/** What a process is bound to from its start. */
function keyOf({ project_path, options: { model, permission_mode } }: AgentWish): string {
  return JSON.stringify([project_path, model, permission_mode]);
}
