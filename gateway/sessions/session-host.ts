import type { Failure } from '../../domain/session.ts';
import type { AgentMessage } from '../../domain/turn.ts';
import { makeAgentSlot } from '../agents/agent-slot.ts';
import type { AgentSlot, AgentWish } from '../agents/agent-slot.ts';
import type { AgentReport, Conversation } from '../drivers/driver.ts';
import type { HostDeps, HostListener } from './host-deps.ts';
import type { SessionRow } from '../journal/journal.ts';
import { agentWish } from '../agents/agent-wish.ts';
import { saveConversation } from './save-conversation.ts';
import { makeSessionLog } from './session-log.ts';
import type { Acceptance, SessionLog } from './session-log.ts';
import { makeSessionTurns } from '../turns/session-turns.ts';
import type { SessionTurns } from '../turns/session-turns.ts';
import { noSigns, noteReport } from '../turns/signs-of-life.ts';
import type { SignsOfLife } from '../turns/signs-of-life.ts';
import { stopTurn } from '../turns/stop-turn.ts';
import { INTERRUPTED, sessionClosed } from '../turns/stop-reasons.ts';
import type { TurnRunner } from '../turns/turn-runner.ts';

const CLOSE_GRACE_MS = 2_000;

const now = (): string => new Date().toISOString();

/** One session in this gateway: its log, its turns, its agent. It lives on when nobody listens. */
export class SessionHost {
  row: SessionRow;
  listener: HostListener | null = null;
  /** How many background tasks of the agent run. */
  backgroundTasks = 0;
  /** Since when nothing happened, in milliseconds since the epoch. */
  idleSince = Date.now();
  /** What the agent last showed of its work. */
  signs: SignsOfLife = noSigns(Date.now());
  readonly log: SessionLog;
  readonly slot: AgentSlot;
  readonly #deps: HostDeps;
  readonly #turns: SessionTurns;

  constructor(deps: HostDeps, row: SessionRow) {
    this.#deps = deps;
    this.row = row;
    this.log = makeSessionLog({
      ...deps,
      sessionId: row.session_id,
      firstSeq: deps.journal.lastSeq(row.session_id),
      published: (seq, event) => this.listener?.event(seq, event),
    });
    this.slot = makeAgentSlot({
      ...deps,
      report: (report) => this.#take(report),
      idleSince: () => (this.isWorking ? null : this.idleSince),
      evict: () => this.#inBackground(this.slot.stop()),
      adopt: (conversation) => this.#adopt(conversation),
    });
    this.#turns = makeSessionTurns({
      ...deps,
      log: this.log,
      slot: this.slot,
      row: () => this.row,
      wish: () => this.#wish(),
      setConversation: (conversation) => (this.row = { ...this.row, conversation }),
    });
  }

  /** Whether a turn or a background task runs or waits. */
  get isWorking(): boolean {
    return this.#runner.length > 0 || this.backgroundTasks > 0 || this.slot.agent?.busy === true;
  }

  /** How many turns have no outcome yet. */
  get openTurns(): number {
    return this.#runner.length;
  }

  /** Whether nothing would be lost if this object were forgotten. */
  get isForgettable(): boolean {
    return this.listener === null && this.slot.since === null && this.#runner.length === 0 && this.log.isSettled;
  }

  /** Goes on with the turns that wait; those that a crash cut off come to their outcome first. */
  resume(): void {
    this.#runner.kick();
  }

  /** Has the agent up when this resolves, unless turns wait: those start it by themselves. */
  async ready(): Promise<void> {
    if (this.#runner.length > 0) return;
    const agent = await this.slot.ensure(this.#wish());
    agent.warmUp().catch((error: unknown) => this.#deps.logger.debug({ err: error }, 'an agent could not warm up'));
  }

  /** Journals a message and lines it up; a known id starts nothing. Rejects when the journal cannot be written. */
  accept(message: AgentMessage): Promise<Acceptance> {
    return this.#turns.accept(message, () => (this.idleSince = Date.now()));
  }

  /** What stays the same as long as one turn runs, also one of the agent's own; null when none does. */
  get running(): object | null {
    return this.#runner.current ?? (this.slot.agent?.busy === true ? this.slot.agent : null);
  }

  /** Stops the turn that runs, or only the turn of `messageId`. False when there is no such turn. */
  interrupt(why: Failure = INTERRUPTED, messageId?: string): boolean {
    if (messageId !== undefined && this.#runner.current?.row.message_id !== messageId) return false;
    const { logger, interruptLimitMs: limitMs } = this.#deps;
    const inBackground = (work: Promise<unknown>): void => this.#inBackground(work);
    return stopTurn(why, { runner: this.#runner, slot: this.slot, limitMs, logger, inBackground });
  }

  /** Tells why the turn that runs cannot go on, and stops it. */
  giveUp(why: Failure): void {
    this.#notice(`The turn is given up. ${why.message}`);
    this.interrupt(why);
  }

  /** Ends the session: what runs and waits gets its outcome, the agent goes. */
  async close(reason: string): Promise<void> {
    const why = sessionClosed(reason);
    const closed: SessionRow = { ...this.row, state: 'closed' };
    this.#deps.journal.saveSession(closed);
    this.row = closed;
    // Whoever opens the session again meanwhile has an agent of its own.
    const stop = async (graceMs?: number): Promise<void> => {
      if (this.row.state === 'closed') await this.slot.stop(graceMs);
    };
    this.#runner.stopAll(why);
    this.interrupt(why);
    this.#runner.kick();
    const limit = setTimeout(() => this.#inBackground(stop(0)), CLOSE_GRACE_MS);
    await this.#runner.quiet();
    clearTimeout(limit);
    await stop();
  }

  /** Ends with the gateway: a running turn gets `graceMs`, then its agent is ended and what is proven is written. */
  async shutDown(graceMs: number): Promise<void> {
    this.#runner.halt();
    const limit = setTimeout(() => this.#inBackground(this.slot.stop(500)), graceMs);
    await this.#runner.quiet();
    clearTimeout(limit);
    await this.slot.stop(500);
  }

  #take(report: AgentReport): void {
    this.idleSince = Date.now();
    this.signs = noteReport(this.signs, report, this.idleSince);
    switch (report.type) {
      case 'delta':
        return this.listener?.delta({ type: 'text_delta', message_id: report.message_id, text: report.text });
      case 'progress':
        if (report.event.type === 'background') this.backgroundTasks = report.event.tasks;
        return this.log.append(report.event);
      case 'conversation':
        return this.#follow(report.conversation);
      case 'ended':
        this.row = { ...this.row, conversation: report.conversation };
        if (!this.#runner.take(report)) this.#turns.unasked(report);
        return;
      case 'consumed':
        return void this.#runner.take(report);
      case 'exited':
        if (this.backgroundTasks > 0) this.log.append({ type: 'background', timestamp: now(), tasks: 0 });
        this.backgroundTasks = 0;
        if (!this.slot.isStopping) this.#notice(`The agent ended unexpectedly: ${report.reason}`);
        return void this.#runner.take(report);
    }
  }

  /** An agent that is to begin another conversation does not start before that is written: it would be looked for in vain. */
  #follow(conversation: Conversation): void {
    if (this.slot.agent === null && conversation.id !== this.row.conversation.id) return this.#adopt(conversation);
    this.row = { ...this.row, conversation };
    saveConversation(this.#deps, this.row);
  }

  #adopt(conversation: Conversation): void {
    this.#deps.journal.saveConversation(this.row.session_id, conversation);
    this.row = { ...this.row, conversation };
  }

  #notice(text: string): void {
    this.log.append({ type: 'notice', timestamp: now(), level: 'warning', text });
  }

  #wish(): AgentWish {
    const before = (): number => this.#runner.current?.row.accepted_seq ?? Number.MAX_SAFE_INTEGER;
    const earlier = (): string[] => this.#deps.journal.contentsBefore(this.row.session_id, before());
    return agentWish(this.row, this.#deps.defaults, earlier);
  }

  get #runner(): TurnRunner {
    return this.#turns.runner;
  }

  #inBackground(work: Promise<unknown>): void {
    work.catch((error: unknown) =>
      this.#deps.logger.error({ err: error, session_id: this.row.session_id }, 'an agent could not be stopped'),
    );
  }
}
