import { setTimeout as sleep } from 'node:timers/promises';
import { XswarmError } from '../../domain/errors.ts';
import type { PoolMember } from './agent-pool.ts';
import type { Agent, AgentReport, AgentRequest, Conversation } from '../drivers/driver.ts';
import { launchAgent } from './launch-agent.ts';
import type { LaunchDeps } from './launch-agent.ts';
import type { WarmAgents } from './warm-agents.ts';

/** How long an agent gets to end by itself. */
const STOP_GRACE_MS = 1000;
/** How long a turn waits for a place among the agents that may run. */
const PLACE_LIMIT_MS = 60_000;
const PLACE_POLL_MS = 100;

/** What a session tells its slot about the agent it wants. */
export type AgentWish = Omit<AgentRequest, 'agent_id' | 'spawned' | 'report' | 'signal'>;

/** The place for a session's one agent. Starts and stops wait for one another. */
export interface AgentSlot {
  readonly agent: Agent | null;
  /** When the agent that is there, or that is starting, was asked for. */
  readonly since: string | null;
  /** Whether its end was asked for. */
  readonly isStopping: boolean;
  /** Whether an agent is there or can be had now. */
  hasRoom(): boolean;
  /** The running agent, or a new one. Throws `AGENT_UNREACHABLE`, or `UNAVAILABLE` when all places are taken. */
  ensure(wish: AgentWish): Promise<Agent>;
  /** Ends the agent, or gives up its start. Resolves when all of its processes are gone. */
  stop(graceMs?: number): Promise<void>;
}

interface SlotDeps extends LaunchDeps {
  warm: WarmAgents;
  report: (report: AgentReport) => void;
  idleSince: () => number | null;
  evict: () => void;
  /** Writes down that the session goes on in this conversation. Throws when it cannot be written. */
  adopt: (conversation: Conversation) => void;
}

function givenUp(): XswarmError {
  return new XswarmError('UNAVAILABLE', 'The start of the agent was given up');
}

export function makeAgentSlot(deps: SlotDeps): AgentSlot {
  const { driver, pool, warm } = deps;
  const member: PoolMember = { idleSince: deps.idleSince, evict: deps.evict };
  let agent: Agent | null = null;
  let since: string | null = null;
  let isGone = false;
  let stops = 0;
  let giveUp = new AbortController();
  let turnstile: Promise<unknown> = Promise.resolve();

  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = turnstile.then(work);
    turnstile = result.catch(() => undefined);
    return result;
  }

  async function start(wish: AgentWish): Promise<Agent> {
    if (agent !== null) return agent;
    since = new Date().toISOString();
    isGone = false;
    try {
      const started = (await claim(wish)) ?? (await launch(wish));
      // Its end may be reported before its start is.
      if (isGone) throw new XswarmError('AGENT_UNREACHABLE', 'The agent ended at once');
      agent = started;
    } catch (error) {
      leave();
      throw error;
    }
    if (!wish.conversation.established) warm.foresee(wish);
    return agent;
  }

  /** One that was started ahead; its conversation is the session's once that is written. */
  async function claim(wish: AgentWish): Promise<Agent | null> {
    const claimed = await warm.claim(wish, member);
    if (claimed === null) return null;
    try {
      if (giveUp.signal.aborted) throw givenUp();
      deps.adopt(claimed.conversation);
    } catch (error) {
      await claimed.agent.stop(STOP_GRACE_MS);
      throw error;
    }
    claimed.attach(report);
    if (!isGone) return claimed.agent;
    // It ended while it changed hands.
    isGone = false;
    since = new Date().toISOString();
    return null;
  }

  async function launch(wish: AgentWish): Promise<Agent> {
    if (driver.usesProcesses) await takePlace(giveUp.signal);
    return launchAgent(deps, { ...wish, signal: giveUp.signal, report });
  }

  function report(each: AgentReport): void {
    if (each.type === 'exited') leave();
    deps.report(each);
  }

  function leave(): void {
    isGone = true;
    agent = null;
    since = null;
    pool.free(member);
  }

  async function takePlace(signal: AbortSignal): Promise<void> {
    for (let waited = 0; !pool.reserve(member); waited += PLACE_POLL_MS) {
      if (signal.aborted) throw givenUp();
      if (waited >= PLACE_LIMIT_MS) {
        throw new XswarmError('UNAVAILABLE', 'All places for agents are taken by agents that work; try again later');
      }
      await sleep(PLACE_POLL_MS);
    }
  }

  return {
    get agent() {
      return agent;
    },
    get isStopping() {
      return stops > 0;
    },
    get since() {
      return since;
    },
    hasRoom: () => !driver.usesProcesses || agent !== null || pool.hasRoom(member),
    ensure: (wish) => inTurn(() => start(wish)),
    async stop(graceMs = STOP_GRACE_MS) {
      giveUp.abort();
      stops += 1;
      try {
        await inTurn(async () => {
          giveUp = new AbortController();
          await agent?.stop(graceMs);
        });
      } finally {
        stops -= 1;
      }
    },
  };
}
