import { randomUUID } from 'node:crypto';
import { freemem } from 'node:os';
import type { Agent, AgentReport, Conversation } from '../drivers/driver.ts';
import type { PoolMember } from './agent-pool.ts';
import type { LaunchWish } from './agent-slot.ts';
import { launchAgent } from './launch-agent.ts';
import type { LaunchDeps } from './launch-agent.ts';

/** How long an agent that no session takes is kept. */
const KEEP_MS = 10 * 60_000;
/** A start takes about a second of a processor, which the turn that just begins needs more. */
const DELAY_MS = 1_000;
/** With less free memory than this nothing is started ahead. */
const SPARE_BYTES = 2 ** 30;
const STOP_GRACE_MS = 1_000;

/** An agent that was started ahead and now belongs to a session. */
export interface ClaimedAgent {
  agent: Agent;
  conversation: Conversation;
  since: string;
  /** Sends its reports to the session from now on. */
  attach(report: (report: AgentReport) => void): void;
}

/** Agents that are started before a session wants them: at most `count`, 0 for none. */
export class WarmAgents {
  readonly #deps: LaunchDeps;
  readonly #count: number;
  #warm: WarmAgent[] = [];
  readonly #planned = new Map<string, NodeJS.Timeout>();
  readonly #starting = new Set<Promise<void>>();
  #isOver = false;

  constructor(deps: LaunchDeps, count: number) {
    this.#deps = deps;
    this.#count = deps.driver.ahead === null ? 0 : count;
  }

  /** The agents that wait. */
  all(): { agent: Agent; since: string }[] {
    return this.#warm.flatMap(({ agent, since }) => (agent === null ? [] : [{ agent, since }]));
  }

  /** Takes an agent that fits a new session's wish, with its place, for `member`; null when there is none. */
  async claim(wish: LaunchWish, member: PoolMember): Promise<ClaimedAgent | null> {
    const { ahead } = this.#deps.driver;
    const key = keyOf(wish);
    if (
      ahead === null ||
      wish.loads_project ||
      wish.conversation.established ||
      !this.#warm.some((each) => each.key === key)
    )
      return null;
    if (!(await ahead.isNew(wish.conversation))) return null;
    const fingerprint = await ahead.fingerprint(wish.project_path);
    // Found and removed without an await between, so that no two sessions get the same agent.
    const warm = this.#warm.find((each) => each.key === key && each.agent !== null);
    if (warm === undefined || warm.agent === null) return null;
    if (warm.fingerprint !== fingerprint) {
      this.#end(warm);
      return null;
    }
    this.#forget(warm);
    this.#deps.pool.reserve(member);
    const { agent, conversation, since } = warm;
    return { agent, conversation, since, attach: (report) => warm.attach(report) };
  }

  /** A new session of this kind began: an agent is started for the next one. */
  foresee(wish: LaunchWish): void {
    // The settings of a folder may have changed when the agent starts.
    if (this.#isOver || this.#count === 0 || wish.loads_project) return;
    const key = keyOf(wish);
    clearTimeout(this.#planned.get(key));
    const timer = setTimeout(() => {
      this.#planned.delete(key);
      const start = this.#start(wish)
        .catch((error: unknown) => this.#deps.logger.warn({ err: error }, 'an agent could not be started ahead'))
        .finally(() => this.#starting.delete(start));
      this.#starting.add(start);
    }, DELAY_MS);
    timer.unref();
    this.#planned.set(key, timer);
  }

  /** Ends all of them, and starts no more. */
  async shutDown(): Promise<void> {
    this.#isOver = true;
    for (const timer of this.#planned.values()) clearTimeout(timer);
    const left = this.#warm;
    for (const warm of left) this.#forget(warm);
    await Promise.all([...left.map((warm) => warm.stop()), ...this.#starting]);
  }

  async #start(wish: LaunchWish): Promise<void> {
    const { driver, pool } = this.#deps;
    const key = keyOf(wish);
    if (this.#isOver || this.#warm.some((each) => each.key === key) || freemem() < SPARE_BYTES) return;
    while (this.#warm.length >= this.#count) this.#end(this.#warm[0]!);
    const fingerprint = await driver.ahead!.fingerprint(wish.project_path);
    // It is evicted before any agent of a session.
    const member: PoolMember = { idleSince: () => 0, evict: () => this.#end(warm) };
    const warm = new WarmAgent(key, fingerprint, member, () => this.#forget(warm));
    if (this.#isOver || !pool.reserveSpare(member)) return;
    warm.expiry = setTimeout(() => this.#end(warm), KEEP_MS).unref();
    this.#warm.push(warm);
    try {
      const agent = await warm.launch(this.#deps, wish);
      if (!this.#warm.includes(warm)) return await agent.stop(STOP_GRACE_MS);
      await agent.warmUp();
    } catch (error) {
      this.#forget(warm);
      if (!warm.isGivenUp) throw error;
    }
  }

  #forget(warm: WarmAgent): void {
    clearTimeout(warm.expiry);
    if (!this.#warm.includes(warm)) return;
    this.#warm = this.#warm.filter((each) => each !== warm);
    this.#deps.pool.free(warm.member);
  }

  #end(warm: WarmAgent): void {
    this.#forget(warm);
    warm.stop().catch((error: unknown) => this.#deps.logger.error({ err: error }, 'an agent could not be ended'));
  }
}

/** One agent that was started ahead. */
class WarmAgent {
  readonly key: string;
  /** The state of the files that the agent read when it started. */
  readonly fingerprint: string;
  readonly member: PoolMember;
  readonly since = new Date().toISOString();
  expiry: NodeJS.Timeout | undefined;
  agent: Agent | null = null;
  conversation: Conversation = { id: randomUUID(), established: false, counters: {} };
  readonly #ended: () => void;
  readonly #giveUp = new AbortController();
  #target: ((report: AgentReport) => void) | null = null;
  #exit: AgentReport | null = null;

  constructor(key: string, fingerprint: string, member: PoolMember, ended: () => void) {
    this.key = key;
    this.fingerprint = fingerprint;
    this.member = member;
    this.#ended = ended;
  }

  get isGivenUp(): boolean {
    return this.#giveUp.signal.aborted;
  }

  async launch(deps: LaunchDeps, wish: LaunchWish): Promise<Agent> {
    const { conversation } = this;
    const { signal } = this.#giveUp;
    const report = (each: AgentReport): void => this.#report(each);
    this.agent = await launchAgent(deps, { ...wish, session_id: '', conversation, signal, report });
    return this.agent;
  }

  attach(report: (report: AgentReport) => void): void {
    this.#target = report;
    if (this.#exit !== null) report(this.#exit);
  }

  async stop(): Promise<void> {
    this.#giveUp.abort();
    await this.agent?.stop(STOP_GRACE_MS);
  }

  #report(report: AgentReport): void {
    if (this.#target !== null) return this.#target(report);
    if (report.type === 'conversation') this.conversation = report.conversation;
    if (report.type !== 'exited') return;
    this.#exit = report;
    this.#ended();
  }
}

/** What a process is bound to from its start. */
function keyOf({ project_path, options: { model, permission_mode } }: LaunchWish): string {
  return JSON.stringify([project_path, model, permission_mode]);
}
