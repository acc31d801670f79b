import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { XswarmError } from '../domain/errors.ts';
import type { AgentPool, PoolMember } from './agent-pool.ts';
import type { Agent, AgentDriver, AgentReport, AgentRequest } from './drivers/driver.ts';
import type { Journal } from './journal/journal.ts';
import type { GatewayLogger } from './logger.ts';
import { processStarted } from './process-table.ts';

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

interface SlotDeps {
  driver: AgentDriver;
  pool: AgentPool;
  journal: Journal;
  report: (report: AgentReport) => void;
  idleSince: () => number | null;
  evict: () => void;
  logger: GatewayLogger;
}

export function makeAgentSlot(deps: SlotDeps): AgentSlot {
  const { driver, pool, journal } = deps;
  const member: PoolMember = { idleSince: deps.idleSince, evict: deps.evict };
  let agent: Agent | null = null;
  let since: string | null = null;
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
    if (driver.usesProcesses) await takePlace(giveUp.signal);
    const agentId = randomUUID();
    since = new Date().toISOString();
    try {
      const started = driver.usesProcesses ? await startProcess(wish, agentId) : await startAgent(wish, agentId);
      agent = started;
      return started;
    } catch (error) {
      leave(agentId);
      throw error;
    }
  }

  async function takePlace(signal: AbortSignal): Promise<void> {
    for (let waited = 0; !pool.reserve(member); waited += PLACE_POLL_MS) {
      if (signal.aborted) throw new XswarmError('UNAVAILABLE', 'The start of the agent was given up');
      if (waited >= PLACE_LIMIT_MS) {
        throw new XswarmError('UNAVAILABLE', 'All places for agents are taken by agents that work; try again later');
      }
      await sleep(PLACE_POLL_MS);
    }
  }

  function startProcess(wish: AgentWish, agentId: string): Promise<Agent> {
    const { signal } = giveUp;
    return pool.starting(signal, () => {
      // Written before the process exists: from here a sweep finds it by its tag, whenever the gateway dies.
      journal.addAgent({ agent_id: agentId, session_id: wish.session_id, started_at: since! });
      return startAgent(wish, agentId);
    });
  }

  function startAgent(wish: AgentWish, agentId: string): Promise<Agent> {
    return driver.start({
      ...wish,
      agent_id: agentId,
      signal: giveUp.signal,
      spawned: (pid) => notePid(agentId, pid),
      report(report) {
        if (report.type === 'exited') {
          agent = null;
          leave(agentId);
        }
        deps.report(report);
      },
    });
  }

  function notePid(agentId: string, pid: number): void {
    processStarted(pid)
      .then((started) => journal.setAgentProcess(agentId, pid, started))
      .catch((error: unknown) => deps.logger.warn({ err: error, pid }, 'cannot note the process of an agent'));
  }

  function leave(agentId: string): void {
    since = null;
    if (!driver.usesProcesses) return;
    pool.free(member);
    try {
      journal.endAgent(agentId, new Date().toISOString());
    } catch (error) {
      // The next start's sweep looks for it once more and finds nothing.
      deps.logger.warn({ err: error, agent_id: agentId }, 'cannot note the end of an agent');
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
