import { setTimeout as sleep } from 'node:timers/promises';
import { XswarmError } from '../../domain/errors.ts';
import type { Agent, AgentReport, AgentRequest, Conversation } from '../drivers/driver.ts';
import type { PoolMember } from './agent-pool.ts';
import { launchAgent } from './launch-agent.ts';
import type { LaunchDeps } from './launch-agent.ts';
import type { WarmAgents } from './warm-agents.ts';

/** How long an agent has to end by itself. */
const STOP_GRACE_MS = 1000;
/** How long a turn waits for a place among the agents that may run. */
const PLACE_LIMIT_MS = 60_000;
const PLACE_POLL_MS = 100;

/** The agent that a session wants. */
export type AgentWish = Omit<AgentRequest, 'agent_id' | 'spawned' | 'report' | 'signal'>;

interface SlotDeps extends LaunchDeps {
  warm: WarmAgents;
  report: (report: AgentReport) => void;
  idleSince: () => number | null;
  evict: () => void;
  /** Writes down that the session goes on in this conversation. Throws when it cannot be written. */
  adopt: (conversation: Conversation) => void;
}

/** The place of a session's one agent. Starts and stops wait for one another. */
export class AgentSlot {
  readonly #deps: SlotDeps;
  readonly #member: PoolMember;
  #agent: Agent | null = null;
  #since: string | null = null;
  /** Whether the agent that starts has ended already. */
  #isGone = false;
  #stops = 0;
  #giveUp = new AbortController();
  #turnstile: Promise<unknown> = Promise.resolve();

  constructor(deps: SlotDeps) {
    this.#deps = deps;
    this.#member = { idleSince: deps.idleSince, evict: deps.evict };
  }

  get agent(): Agent | null {
    return this.#agent;
  }

  /** When the agent that runs, or that is starting, was asked for. */
  get since(): string | null {
    return this.#since;
  }

  /** Whether the agent was asked to end. */
  get isStopping(): boolean {
    return this.#stops > 0;
  }

  /** Whether an agent runs or can be started now. */
  hasRoom(): boolean {
    const { driver, pool } = this.#deps;
    return !driver.usesProcesses || this.#agent !== null || pool.hasRoom(this.#member);
  }

  /** The running agent, or a new one. Throws `AGENT_UNREACHABLE`, or `UNAVAILABLE` when all places are taken. */
  ensure(wish: AgentWish): Promise<Agent> {
    return this.#inTurn(() => this.#start(wish));
  }

  /** Ends the agent, or gives up its start. Resolves when all of its processes are gone. */
  async stop(graceMs = STOP_GRACE_MS): Promise<void> {
    this.#giveUp.abort();
    this.#stops += 1;
    try {
      await this.#inTurn(async () => {
        this.#giveUp = new AbortController();
        await this.#agent?.stop(graceMs);
      });
    } finally {
      this.#stops -= 1;
    }
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turnstile.then(work);
    this.#turnstile = result.catch(() => undefined);
    return result;
  }

  async #start(wish: AgentWish): Promise<Agent> {
    if (this.#agent !== null) return this.#agent;
    this.#since = new Date().toISOString();
    this.#isGone = false;
    try {
      const started = (await this.#claim(wish)) ?? (await this.#launch(wish));
      // Its end may be reported before its start is.
      if (this.#isGone) throw new XswarmError('AGENT_UNREACHABLE', 'The agent ended at once');
      this.#agent = started;
      if (!wish.conversation.established && wish.gate === undefined) this.#deps.warm.foresee(wish);
      return started;
    } catch (error) {
      this.#leave();
      throw error;
    }
  }

  /** Takes an agent that was started ahead. Its conversation becomes the session's once that is written. */
  async #claim(wish: AgentWish): Promise<Agent | null> {
    // One that was started ahead asks nobody.
    if (wish.gate !== undefined) return null;
    const claimed = await this.#deps.warm.claim(wish, this.#member);
    if (claimed === null) return null;
    try {
      if (this.#giveUp.signal.aborted) throw givenUp();
      this.#deps.adopt(claimed.conversation);
    } catch (error) {
      await claimed.agent.stop(STOP_GRACE_MS);
      throw error;
    }
    claimed.attach((report) => this.#report(report));
    if (!this.#isGone) return claimed.agent;
    // It ended while it was handed over.
    this.#isGone = false;
    this.#since = new Date().toISOString();
    return null;
  }

  async #launch(wish: AgentWish): Promise<Agent> {
    const { signal } = this.#giveUp;
    if (this.#deps.driver.usesProcesses) await this.#takePlace(signal);
    return launchAgent(this.#deps, { ...wish, signal, report: (report) => this.#report(report) });
  }

  async #takePlace(signal: AbortSignal): Promise<void> {
    for (let waited = 0; !this.#deps.pool.reserve(this.#member); waited += PLACE_POLL_MS) {
      if (signal.aborted) throw givenUp();
      if (waited >= PLACE_LIMIT_MS) {
        throw new XswarmError('UNAVAILABLE', 'All places for agents are taken by agents that work; try again later');
      }
      await sleep(PLACE_POLL_MS);
    }
  }

  #report(report: AgentReport): void {
    if (report.type === 'exited') this.#leave();
    this.#deps.report(report);
  }

  #leave(): void {
    this.#isGone = true;
    this.#agent = null;
    this.#since = null;
    this.#deps.pool.free(this.#member);
  }
}

function givenUp(): XswarmError {
  return new XswarmError('UNAVAILABLE', 'The start of the agent was given up');
}
