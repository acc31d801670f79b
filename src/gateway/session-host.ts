import { randomUUID } from 'node:crypto';
import type { AgentEvent, TextDelta } from '../domain/event.ts';
import type { Failure } from '../domain/session.ts';
import type { AgentMessage, TurnResult } from '../domain/turn.ts';
import type { AgentPool } from './agent-pool.ts';
import { makeAgentSlot } from './agent-slot.ts';
import type { AgentSlot, AgentWish } from './agent-slot.ts';
import type { AgentDriver, AgentReport, TurnEnd } from './drivers/driver.ts';
import type { Journal, SessionRow } from './journal/journal.ts';
import type { JournalWriter } from './journal/journal-writer.ts';
import type { GatewayLogger } from './logger.ts';
import { newTurnRow, reopenTurn } from './open-turn.ts';
import type { OpenTurn } from './open-turn.ts';
import type { AgentOptions } from './protocol.ts';
import { makeSessionLog } from './session-log.ts';
import type { Acceptance, SessionLog } from './session-log.ts';
import { makeTurnRunner } from './turn-runner.ts';
import type { RunnerPort, TurnRunner } from './turn-runner.ts';

/** What all sessions of a gateway share. */
export interface HostDeps {
  driver: AgentDriver;
  pool: AgentPool;
  journal: Journal;
  writer: JournalWriter;
  logger: GatewayLogger;
  /** What a session gets that does not choose. */
  defaults: AgentOptions;
  /** How long an agent may take to obey an interrupt before its process is ended. */
  interruptLimitMs: number;
}

/** Whoever reads a session's events as they happen. */
export interface HostListener {
  event(seq: number, event: AgentEvent): void;
  delta(delta: TextDelta): void;
}

const CLOSE_GRACE_MS = 2_000;
const INTERRUPTED: Failure = { code: 'INTERRUPTED', message: 'The turn was interrupted' };

/** One session in this gateway: its log, its turns, its agent. It lives on when nobody listens. */
export class SessionHost {
  row: SessionRow;
  listener: HostListener | null = null;
  /** How many background tasks of the agent run. */
  backgroundTasks = 0;
  /** Since when nothing happened, in milliseconds since the epoch. */
  idleSince = Date.now();
  readonly log: SessionLog;
  readonly slot: AgentSlot;
  readonly #deps: HostDeps;
  readonly #runner: TurnRunner;

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
    });
    this.#runner = makeTurnRunner(this.#runnerPort());
    for (const turn of deps.journal.unfinishedTurns(row.session_id)) {
      this.#runner.push(reopenTurn(turn, deps.journal.message(turn)));
    }
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
    if (this.#runner.length === 0) await this.slot.ensure(this.#wish(null));
  }

  /** Journals a message and lines it up; a known id starts nothing. Rejects when the journal cannot be written. */
  accept(message: AgentMessage): Promise<Acceptance> {
    return this.log.accept(
      message,
      (seq) => newTurnRow(this.row.session_id, message.message_id, seq, this.#runner.length === 0),
      (row) => {
        this.idleSince = Date.now();
        this.#runner.push({ row, message, cut: null, continuing: false, stopped: null });
        this.#runner.kick();
      },
    );
  }

  /** Stops what runs. False when nothing does. */
  async interrupt(why: Failure = INTERRUPTED): Promise<boolean> {
    const turn = this.#runner.current;
    const { agent } = this.slot;
    if (turn === null && agent?.busy !== true) return false;
    if (turn !== null) turn.stopped ??= why;
    if (agent === null) {
      this.#inBackground(this.slot.stop());
      return true;
    }
    const escalation = setTimeout(() => {
      if (turn === null ? !agent.busy : this.#runner.current !== turn) return;
      this.#deps.logger.warn({ session_id: this.row.session_id }, 'the agent did not obey an interrupt: it is ended');
      this.#inBackground(this.slot.stop(0));
    }, this.#deps.interruptLimitMs);
    escalation.unref();
    this.#inBackground(agent.interrupt());
    return true;
  }

  /** Ends the session: what runs and waits gets its outcome, the agent goes. */
  async close(reason: string): Promise<void> {
    const why = { code: 'SESSION_CLOSED', message: `The session was closed before the turn was over: ${reason}` };
    this.row = { ...this.row, state: 'closed' };
    this.#deps.journal.saveSession(this.row);
    this.#runner.stopAll(why);
    await this.interrupt(why);
    this.#runner.kick();
    const limit = setTimeout(() => this.#inBackground(this.slot.stop(0)), CLOSE_GRACE_MS);
    await this.#runner.quiet();
    clearTimeout(limit);
    await this.slot.stop();
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
    switch (report.type) {
      case 'delta':
        return this.listener?.delta({ type: 'text_delta', message_id: report.message_id, text: report.text });
      case 'progress':
        if (report.event.type === 'background') this.backgroundTasks = report.event.tasks;
        return this.log.append(report.event);
      case 'conversation':
        this.row = { ...this.row, conversation: report.conversation };
        return this.#saveConversation();
      case 'ended':
        this.row = { ...this.row, conversation: report.conversation };
        if (!this.#runner.take(report)) this.#unasked(report.end);
        return;
      case 'consumed':
        return void this.#runner.take(report);
      case 'exited':
        if (this.backgroundTasks > 0) {
          this.backgroundTasks = 0;
          this.log.append({ type: 'background', timestamp: new Date().toISOString(), tasks: 0 });
        }
        return void this.#runner.take(report);
    }
  }

  /** A turn that the agent began by itself has ended. */
  #unasked(end: TurnEnd): void {
    const now = new Date().toISOString();
    this.#appendResult(randomUUID(), now, { ...end, message_id: null });
    // An interrupt that met such a turn has not stopped the one that waited behind it.
    if (this.#runner.current?.stopped) this.#inBackground(this.slot.agent?.interrupt() ?? Promise.resolve());
  }

  #runnerPort(): RunnerPort {
    const { journal, writer, driver, logger } = this.#deps;
    const { session_id } = this.row;
    return {
      onInterrupt: () => this.row.options.on_interrupt ?? 'report',
      ensureAgent: (turn) => this.slot.ensure(this.#wish(turn)),
      isAlive: (agent) => this.slot.agent === agent,
      stopAgent: () => this.slot.stop(),
      inspect: (messageId) => driver.inspect(this.row.conversation, messageId),
      journalled: (turn) => {
        // What the agent said last may still wait to be written; the decision must not be taken without it.
        writer.flush();
        if (writer.failure !== null) throw writer.failure;
        return journal.turnEvents(session_id, turn.row.accepted_seq, turn.row.message_id);
      },
      markRunning: (row) => journal.markRunning(row),
      settle: (turn, end) =>
        new Promise((resolve) => {
          const { message_id, turn_id, started_at } = turn.row;
          const started = started_at ?? new Date().toISOString();
          this.#appendResult(turn_id, started, end, (seq) => journal.finishTurn(session_id, message_id, seq), resolve);
        }),
      notice: (text) =>
        this.log.append({ type: 'notice', timestamp: new Date().toISOString(), level: 'warning', text }),
      failed: (error) => logger.error({ err: error, session_id }, 'a turn could not go on'),
    };
  }

  #appendResult(
    turn_id: string,
    started_at: string,
    end: TurnEnd,
    alongside?: (seq: number) => void,
    written?: () => void,
  ): void {
    const { name: agent, simulated } = this.#deps.driver;
    const finished_at = new Date().toISOString();
    const turn: TurnResult = { turn_id, ...end, agent, simulated, started_at, finished_at };
    const { session_id, conversation } = this.row;
    this.log.append(
      { type: 'result', timestamp: finished_at, turn },
      {
        alongside: (seq) => {
          alongside?.(seq);
          this.#deps.journal.saveConversation(session_id, conversation);
        },
        committed: () => written?.(),
      },
    );
  }

  #wish(turn: OpenTurn | null): AgentWish {
    const { session_id, project_path, conversation, options } = this.row;
    return {
      session_id,
      project_path,
      conversation,
      options: { ...this.#deps.defaults, ...options },
      continueMessageId: turn?.continuing === true ? turn.row.message_id : null,
      earlierMessages: () => {
        const current = this.#runner.current?.row.accepted_seq ?? Number.MAX_SAFE_INTEGER;
        return this.#deps.journal.contentsBefore(session_id, current);
      },
    };
  }

  /** A failed write is no loss: the next result carries the conversation with it. */
  #saveConversation(): void {
    const { session_id, conversation } = this.row;
    try {
      this.#deps.journal.saveConversation(session_id, conversation);
    } catch (error) {
      this.#deps.logger.warn({ err: error, session_id }, 'the conversation could not be saved yet');
    }
  }

  #inBackground(work: Promise<unknown>): void {
    work.catch((error: unknown) =>
      this.#deps.logger.error({ err: error, session_id: this.row.session_id }, 'an agent could not be stopped'),
    );
  }
}
