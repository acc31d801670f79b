import { setTimeout as sleep } from 'node:timers/promises';
import { XswarmError } from '../../domain/errors.ts';
import { describeSettings, settingsState } from '../../domain/project-settings.ts';
import type { ProjectSettingsState } from '../../domain/project-settings.ts';
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
export type AgentWish = Omit<AgentRequest, 'agent_id' | 'spawned' | 'report' | 'signal' | 'loads_project'>;

/** An agent that is to be started, with what it may load. */
export type LaunchWish = AgentWish & Pick<AgentRequest, 'loads_project'>;

/** What the folder of a session would run, and whether its agent was started with it. */
interface FolderSettings {
  state: ProjectSettingsState;
  digest: string | null;
}

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
  #settings: FolderSettings = { state: 'none', digest: null };
  #reported: string | null = null;
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

  /** Whether the agent runs with the settings of its folder; undefined without an agent, or for one that runs nothing of a folder. */
  get settings(): ProjectSettingsState | undefined {
    return this.#agent === null || this.#deps.driver.settingsOf === null ? undefined : this.#settings.state;
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

  /** Ends the agent, or cancels its start. Resolves when all of its processes are gone. */
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

  async #start(wished: AgentWish): Promise<Agent> {
    const settings = await this.#look(wished);
    if (this.#agent !== null) {
      if (!mustRestart(this.#settings, settings, this.#agent)) return this.#agent;
      await this.#replace(this.#agent);
    }
    this.#settings = settings;
    const wish = { ...wished, loads_project: settings.state === 'loaded' };
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

  /** What the folder would run now, compared with what was trusted. What cannot be read is not loaded. */
  async #look({ project_path, options }: AgentWish): Promise<FolderSettings> {
    const { driver, logger } = this.#deps;
    if (driver.settingsOf === null) return { state: 'none', digest: null };
    try {
      const settings = await driver.settingsOf(project_path);
      const state = settingsState(settings.digest, options.trusted_digest);
      if (state === 'not_loaded' && settings.digest !== this.#reported) {
        this.#reported = settings.digest;
        this.#notice(
          `The settings of this folder are not loaded, because nobody trusted them as they are now ` +
            `(${describeSettings(settings)}). An admin can: xswarm project trust ${settings.project_path}`,
        );
      }
      return { state, digest: settings.digest };
    } catch (error) {
      logger.warn({ err: error, project_path }, 'the settings of a folder cannot be read: they are not loaded');
      return { state: 'not_loaded', digest: null };
    }
  }

  #notice(text: string): void {
    const timestamp = new Date().toISOString();
    this.#deps.report({ type: 'progress', event: { type: 'notice', timestamp, level: 'warning', text } });
  }

  /** Ends an agent that has loaded what it may no longer load, or that could load more now. */
  async #replace(agent: Agent): Promise<void> {
    this.#stops += 1;
    try {
      await agent.stop(STOP_GRACE_MS);
    } finally {
      this.#stops -= 1;
    }
  }

  /** Takes an agent that was started ahead. Its conversation becomes the session's once that is written. */
  async #claim(wish: LaunchWish): Promise<Agent | null> {
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

  async #launch(wish: LaunchWish): Promise<Agent> {
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

/** An agent that works by itself is ended only where it must not go on. */
function mustRestart(before: FolderSettings, now: FolderSettings, agent: Agent): boolean {
  if (before.state === 'loaded') return now.state !== 'loaded' || now.digest !== before.digest;
  return now.state === 'loaded' && !agent.busy;
}

function givenUp(): XswarmError {
  return new XswarmError('UNAVAILABLE', 'The start of the agent was given up');
}
