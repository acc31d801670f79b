import { setTimeout as sleep } from 'node:timers/promises';
import type { AgentEvent, TextDelta } from '../../domain/session/event.ts';
import type { Logger } from '../../domain/logger.ts';
import { narrower } from '../../domain/control/policy.ts';
import type { Failure, PermissionMode } from '../../domain/session/session.ts';
import type { AgentMessage } from '../../domain/session/turn.ts';
import type { AgentOptions } from '../../protocol/agent-protocol.ts';
import type { AgentPool } from '../agents/agent-pool.ts';
import { AgentSlot } from '../agents/agent-slot.ts';
import type { AgentWish } from '../agents/agent-slot.ts';
import type { WarmAgents } from '../agents/warm-agents.ts';
import type { CallAnswer } from '../drivers/claude/gate/gate-port.ts';
import type { AgentDriver, AgentReport, Conversation } from '../drivers/driver.ts';
import type { JournalWriter } from '../journal/journal-writer.ts';
import type { Journal, SessionRow } from '../journal/journal.ts';
import { INTERRUPTED, sessionClosed } from '../turns/stop-reasons.ts';
import { noSigns, noteReport } from '../turns/turn-watch.ts';
import type { SignsOfLife, WatchedSession } from '../turns/turn-watch.ts';
import { Turns } from '../turns/turns.ts';
import type { TurnSession } from '../turns/turns.ts';
import { SessionLog } from './session-log.ts';
import type { Acceptance } from './session-log.ts';

/** What all sessions of a gateway share. */
export interface HostDeps {
  driver: AgentDriver;
  pool: AgentPool;
  warm: WarmAgents;
  journal: Journal;
  writer: JournalWriter;
  logger: Logger;
  /** The options of a session that does not choose its own. */
  defaults: AgentOptions;
  /** The widest mode that an agent is started with. */
  maxPermissionMode: PermissionMode;
  /** How long an agent may take to obey an interrupt before its process is ended. */
  interruptLimitMs: number;
}

/** Receives a session's events as they happen. */
export interface HostListener {
  event(seq: number, event: AgentEvent): void;
  delta(delta: TextDelta): void;
}

const CLOSE_GRACE_MS = 2_000;
/** How long the last events of an agent may take into the journal before a release is answered. */
const RELEASE_WRITE_MS = 2_000;
/** How long a shutdown waits, after the grace time, for an agent to end and for its result to be written. */
const SHUTDOWN_WRITE_MS = 3_000;
const SHUTDOWN_STOP_MS = 500;

const now = (): string => new Date().toISOString();

/** One session in this gateway: its log, its turns, its agent. It goes on when nobody listens. */
export class SessionHost implements TurnSession, WatchedSession {
  row: SessionRow;
  listener: HostListener | null = null;
  /** How many background tasks of the agent run. */
  backgroundTasks = 0;
  /** When something last happened, in milliseconds since the epoch. */
  idleSince = Date.now();
  /** What the agent last showed of its work. */
  signs: SignsOfLife = noSigns(Date.now());
  readonly log: SessionLog;
  readonly slot: AgentSlot;
  readonly #deps: HostDeps;
  readonly #turns: Turns;

  constructor(deps: HostDeps, row: SessionRow) {
    this.#deps = deps;
    this.row = row;
    this.log = new SessionLog({
      ...deps,
      sessionId: row.session_id,
      published: (seq, event) => this.listener?.event(seq, event),
    });
    this.slot = new AgentSlot({
      ...deps,
      report: (report) => this.#take(report),
      idleSince: () => (this.isWorking ? null : this.idleSince),
      evict: () => this.#inBackground(this.slot.stop()),
      adopt: (conversation) => this.#adopt(conversation),
    });
    this.#turns = new Turns(this, deps);
  }

  /** Whether a turn or a background task runs or waits. */
  get isWorking(): boolean {
    return this.#turns.length > 0 || this.backgroundTasks > 0 || this.slot.agent?.busy === true;
  }

  /** How many turns have no outcome yet. */
  get openTurns(): number {
    return this.#turns.length;
  }

  /** Whether nothing would be lost if this object were forgotten. */
  get isForgettable(): boolean {
    return this.listener === null && this.slot.since === null && this.#turns.length === 0 && this.log.isWritten;
  }

  /** An object that stays the same as long as one turn runs, also one of the agent's own; null when no turn runs. */
  get running(): object | null {
    // A person thinks, not the agent.
    if (this.#turns.calls.isWaitedFor) return null;
    return this.#turns.current ?? (this.slot.agent?.busy === true ? this.slot.agent : null);
  }

  /** Continues the turns that wait. Turns that a crash cut off are settled first. */
  resume(): void {
    this.#turns.kick();
  }

  /** Resolves when the agent is ready, or at once when turns wait, because they start it themselves. */
  async ready(): Promise<void> {
    if (this.#turns.length > 0) return;
    const agent = await this.slot.ensure(this.wish());
    agent.warmUp().catch((error: unknown) => this.#deps.logger.debug({ err: error }, 'an agent could not warm up'));
  }

  /** Journals a message and queues it; a known id starts nothing. Rejects when the journal cannot be written. */
  accept(message: AgentMessage): Promise<Acceptance> {
    return this.#turns.accept(message, () => (this.idleSince = Date.now()));
  }

  /** Writes down what a person decided about a tool call; the turn that waits for it goes on. Null when nobody was asked. */
  decide(interactionId: string, answer: CallAnswer): { duplicate: boolean } | null {
    return this.#turns.decide(interactionId, answer);
  }

  /** Stops the turn that runs, or only the turn of `messageId`. False when there is no such turn. */
  interrupt(messageId?: string): boolean {
    if (messageId !== undefined && this.#turns.first?.row.message_id !== messageId) return false;
    return this.#turns.stop(INTERRUPTED);
  }

  /** Reports why the running turn cannot go on, and stops it. */
  giveUp(why: Failure): void {
    this.#notice(`The turn is given up. ${why.message}`);
    this.#turns.stop(why);
  }

  /** Releases the agent or closes the session. Returns the number of the last event that this wrote. */
  async release(mode: 'idle' | 'close', reason = 'the session ended'): Promise<number> {
    await (mode === 'idle' ? this.slot.stop() : this.close(reason));
    for (let waited = 0; !this.log.isWritten && waited < RELEASE_WRITE_MS; waited += 10) await sleep(10);
    return this.log.lastSeq;
  }

  /** Closes the session: what runs and waits gets its outcome, and the agent is ended. */
  async close(reason: string): Promise<void> {
    const why = sessionClosed(reason);
    const closed: SessionRow = { ...this.row, state: 'closed' };
    this.#deps.journal.saveSession(closed);
    this.row = closed;
    // Whoever opens the session again meanwhile has an agent of its own.
    const stop = async (graceMs?: number): Promise<void> => {
      if (this.row.state === 'closed') await this.slot.stop(graceMs);
    };
    this.#turns.stopAll(why);
    this.#turns.stop(why);
    this.#turns.kick();
    const limit = setTimeout(() => this.#inBackground(stop(0)), CLOSE_GRACE_MS);
    await this.#turns.quiet();
    clearTimeout(limit);
    await stop();
  }

  /**
   * Ends with the gateway: a running turn has `graceMs`, then its agent is ended and the outcome is written. An outcome that
   * cannot be written is left to the next start.
   */
  async shutDown(graceMs: number): Promise<void> {
    this.#turns.halt();
    const limit = setTimeout(() => this.#inBackground(this.slot.stop(SHUTDOWN_STOP_MS)), graceMs);
    await Promise.race([this.#turns.quiet(), sleep(graceMs + SHUTDOWN_WRITE_MS, undefined, { ref: false })]);
    clearTimeout(limit);
    await this.slot.stop(SHUTDOWN_STOP_MS);
  }

  /** The agent that the session wants now. */
  wish(): AgentWish {
    const { session_id, project_path, conversation } = this.row;
    const chosen = { ...this.#deps.defaults, ...this.row.options };
    const permission_mode = narrower(chosen.permission_mode ?? 'default', this.#deps.maxPermissionMode);
    const options = { ...chosen, permission_mode };
    const before = (): number => this.#turns.current?.row.accepted_seq ?? Number.MAX_SAFE_INTEGER;
    return {
      session_id,
      project_path,
      conversation,
      options,
      gate: options.ceiling === undefined ? undefined : this.#turns.calls,
      resumes: this.#turns.resumes,
      earlierMessages: () => this.#deps.journal.contentsBefore(session_id, before()),
    };
  }

  #take(report: AgentReport): void {
    this.idleSince = Date.now();
    this.signs = noteReport(this.signs, report, this.idleSince);
    switch (report.type) {
      case 'delta':
        return this.listener?.delta({ type: 'text_delta', message_id: report.message_id, text: report.text });
      case 'progress':
        if (report.event.type === 'background') this.backgroundTasks = report.event.tasks;
        return void this.log.append(report.event);
      case 'conversation':
        return this.#follow(report.conversation);
      case 'ended':
      case 'waiting':
        this.row = { ...this.row, conversation: report.conversation };
        return this.#turns.take(report);
      case 'consumed':
        return this.#turns.take(report);
      case 'exited':
        if (this.backgroundTasks > 0) void this.log.append({ type: 'background', timestamp: now(), tasks: 0 });
        this.backgroundTasks = 0;
        if (!this.slot.isStopping) this.#notice(`The agent ended unexpectedly: ${report.reason}`);
        return this.#turns.take(report);
    }
  }

  #follow(conversation: Conversation): void {
    // An agent must not start in a new conversation before its id is written: nobody would find that conversation again.
    if (this.slot.agent === null && conversation.id !== this.row.conversation.id) return this.#adopt(conversation);
    this.row = { ...this.row, conversation };
    try {
      this.#deps.journal.saveConversation(this.row.session_id, conversation);
    } catch (error) {
      // Nothing is lost: the next result writes it too.
      const { session_id } = this.row;
      this.#deps.logger.warn({ err: error, session_id }, 'the conversation could not be saved yet');
    }
  }

  #adopt(conversation: Conversation): void {
    this.#deps.journal.saveConversation(this.row.session_id, conversation);
    this.row = { ...this.row, conversation };
  }

  #notice(text: string): void {
    void this.log.append({ type: 'notice', timestamp: now(), level: 'warning', text });
  }

  #inBackground(work: Promise<unknown>): void {
    work.catch((error: unknown) =>
      this.#deps.logger.error({ err: error, session_id: this.row.session_id }, 'an agent could not be stopped'),
    );
  }
}
