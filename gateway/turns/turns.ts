import { randomUUID } from 'node:crypto';
import { XswarmError } from '../../domain/errors.ts';
import type { Failure } from '../../domain/session/session.ts';
import type { AgentMessage, TurnResult } from '../../domain/session/turn.ts';
import type { AgentSlot, AgentWish } from '../agents/agent-slot.ts';
import type { CallAnswer } from '../drivers/claude/gate/gate-port.ts';
import type { Agent, AgentReport, TurnEnd, TurnRecord } from '../drivers/driver.ts';
import type { SessionRow, TurnRow } from '../journal/journal.ts';
import type { HostDeps } from '../sessions/session-host.ts';
import type { Acceptance, SessionLog } from '../sessions/session-log.ts';
import { AskedCalls } from './asked-calls.ts';
import { decideCutTurn, MAX_ATTEMPTS, partialAnswer } from './cut-turn.ts';
import { addCarried, endWithoutAgent, newTurnRow, reopenTurn, takeCarried, withStop } from './open-turn.ts';
import type { OpenTurn } from './open-turn.ts';
import { sessionClosed } from './stop-reasons.ts';

const RETRY_MS = 1000;
/** The time that an agent which ignores an interrupt has to save its costs before it is killed. */
const END_GRACE_MS = 500;

type Over =
  | { type: 'ended'; end: TurnEnd; remark: string | null }
  | { type: 'waiting'; end: TurnEnd; remark: string | null }
  | { type: 'cut'; reason: string; consumed: boolean };

/** The session that turns belong to. */
export interface TurnSession {
  row: SessionRow;
  readonly log: SessionLog;
  readonly slot: AgentSlot;
  /** The agent that the session wants now. */
  wish(): AgentWish;
}

/** A session's turns: carried out one at a time, in order, each to its one outcome. */
export class Turns {
  readonly #session: TurnSession;
  readonly #deps: HostDeps;
  /** The tool calls that people are asked about. */
  readonly calls: AskedCalls;
  /** The turns without an outcome, oldest first. */
  readonly #open: OpenTurn[] = [];
  /** Ends the wait for the turn that the agent has; null while it has none. */
  #over: ((over: Over) => void) | null = null;
  #working: Promise<void> | null = null;
  #halted = false;
  /** Whether a turn that begins at once is on its way into the journal. */
  #isBeginning = false;

  /** Takes up the turns that the journal has without an outcome; `kick` continues them. */
  constructor(session: TurnSession, deps: HostDeps) {
    this.#session = session;
    this.#deps = deps;
    const { journal } = deps;
    this.calls = new AskedCalls({
      sessionId: this.#id,
      log: session.log,
      journal,
      messageId: () => (this.#over === null ? null : (this.#open[0]?.row.message_id ?? null)),
      used: (toolUseId) => this.#used(toolUseId),
    });
    for (const row of journal.unfinishedTurns(this.#id)) this.#open.push(reopenTurn(row, journal.message(row)));
  }

  /** The turn that the agent has, or is about to get. */
  get current(): OpenTurn | null {
    return this.#working === null ? null : (this.#open[0] ?? null);
  }

  /** The oldest turn without an outcome, also one that waits for a person; null when there is none. */
  get first(): OpenTurn | null {
    return this.#open[0] ?? null;
  }

  /** The message whose turn goes on when an agent starts: its tool call waits no longer. */
  get resumes(): AgentMessage | undefined {
    const turn = this.#open[0];
    if (turn === undefined || turn.row.waits_for === null) return undefined;
    return this.calls.decisionOf(turn.row.waits_for) === null ? undefined : turn.message;
  }

  /** How many turns have no outcome yet. */
  get length(): number {
    return this.#open.length;
  }

  /**
   * Journals a message and its turn; a known id starts nothing. `taken` is called before the answer, for a new message only.
   * Rejects when the journal cannot be written.
   */
  async accept(message: AgentMessage, taken: () => void): Promise<Acceptance> {
    let beginsNow = false;
    try {
      return await this.#session.log.accept(
        message,
        (seq) => {
          beginsNow = this.#open.length === 0 && !this.#isBeginning;
          this.#isBeginning ||= beginsNow;
          return newTurnRow(this.#id, message.message_id, seq, beginsNow);
        },
        (row) => {
          taken();
          // A message that was being written while the session closed does not run after that.
          const stopped = this.#session.row.state === 'closed' ? sessionClosed('the session ended') : null;
          this.#open.push({ row, message, cut: null, goesOn: null, stopped });
          this.kick();
        },
      );
    } finally {
      if (beginsNow) this.#isBeginning = false;
    }
  }

  /** Writes an answer down and continues the turn that waits for it. Null when nobody was asked. */
  decide(interactionId: string, answer: CallAnswer): { duplicate: boolean } | null {
    const decided = this.calls.decide(interactionId, answer);
    if (decided !== null) this.kick();
    return decided;
  }

  /** Continues with what waits. */
  kick(): void {
    if (this.#working !== null || this.#open.length === 0 || this.#halted) return;
    this.#working = this.#work()
      .catch((error: unknown) => {
        this.#deps.logger.error({ err: error, session_id: this.#id }, 'a turn could not go on');
        setTimeout(() => this.kick(), RETRY_MS).unref();
      })
      .then(() => {
        this.#working = null;
      });
  }

  /** Takes a report if it is about the current turn. An `ended` report that is not belongs to a turn of the agent's own. */
  take(report: Extract<AgentReport, { type: 'ended' | 'waiting' | 'consumed' | 'exited' }>): void {
    const id = this.#over === null ? undefined : this.#open[0]?.row.message_id;
    if (report.type === 'ended' && report.end.message_id !== id) return this.#writeOwnTurn(report);
    if (report.type === 'ended') this.#over?.({ type: 'ended', end: report.end, remark: report.remark });
    if (report.type === 'waiting') this.#over?.({ type: 'waiting', end: report.end, remark: report.remark });
    if (report.type === 'exited') this.#over?.({ type: 'cut', reason: report.reason, consumed: false });
    if (report.type === 'consumed' && report.message_id === id) {
      this.#over?.({ type: 'cut', reason: 'the agent gave no result for it', consumed: true });
    }
  }

  /**
   * Stops the turn that runs, also one of the agent's own: it is interrupted, and its agent is ended when it does not obey.
   * False when no turn runs.
   */
  stop(why: Failure): boolean {
    const { logger, interruptLimitMs } = this.#deps;
    const { slot } = this.#session;
    const turn = this.current;
    const { agent } = slot;
    const first = this.first;
    if (turn === null && first !== null && first.row.waits_for !== null) {
      first.stopped ??= why;
      this.kick();
      return true;
    }
    if (turn === null && agent?.busy !== true) return false;
    if (turn !== null) turn.stopped ??= why;
    if (agent === null) {
      this.#endAgent();
      return true;
    }
    const escalation = setTimeout(() => {
      if (turn === null ? !agent.busy : this.current !== turn) return;
      logger.warn({ reason: why.message, session_id: this.#id }, 'the agent did not obey an interrupt: it is ended');
      this.#endAgent(END_GRACE_MS);
    }, interruptLimitMs);
    escalation.unref();
    this.#interrupt(agent);
    return true;
  }

  /** Every turn without an outcome is to end with this failure. */
  stopAll(why: Failure): void {
    for (const turn of this.#open) turn.stopped ??= why;
  }

  /** Begins nothing more; what has no outcome stays for the next start. */
  halt(): void {
    this.#halted = true;
  }

  /** Resolves when the turn that runs now is over, or when nothing runs. */
  async quiet(): Promise<void> {
    await this.#working;
  }

  get #id(): string {
    return this.#session.row.session_id;
  }

  async #work(): Promise<void> {
    while (this.#open.length > 0 && !this.#halted) {
      const turn = this.#open[0]!;
      const isLeft = turn.cut === null ? await this.#carryOut(turn) : await this.#resolveCut(turn, turn.cut);
      if (isLeft) return;
    }
  }

  /** True when the turn stays for the next start of the gateway. */
  async #carryOut(turn: OpenTurn): Promise<boolean> {
    if (turn.stopped !== null) return this.#settle(turn, endWithoutAgent(turn, ''));
    if (turn.row.waits_for !== null) return this.#resume(turn, turn.row.waits_for);
    if (turn.row.state !== 'running' || turn.goesOn !== null) {
      const { attempts, started_at } = turn.row;
      const now = new Date().toISOString();
      const row: TurnRow = { ...turn.row, state: 'running', attempts: attempts + 1, started_at: started_at ?? now };
      // Written first: a turn that an agent may have begun must not look like one that waits.
      this.#deps.journal.saveTurn(row);
      turn.row = row;
    }
    let agent: Agent;
    try {
      agent = await this.#session.slot.ensure(this.#session.wish());
    } catch (error) {
      if (this.#halted) return true;
      const isKnown = error instanceof XswarmError;
      if (!isKnown) this.#deps.logger.error({ err: error, session_id: this.#id }, 'an agent could not be started');
      return this.#settle(turn, endWithoutAgent(turn, isKnown ? error.message : 'The agent could not be started'));
    }
    if (this.#halted) return true;
    if (turn.stopped !== null) return this.#settle(turn, endWithoutAgent(turn, ''));
    return this.#finish(turn, await this.#send(turn, agent));
  }

  /** Continues a turn whose tool call was decided: the agent puts the same call through the gate as it starts. */
  async #resume(turn: OpenTurn, toolUseId: string): Promise<boolean> {
    const { journal } = this.#deps;
    const { slot } = this.#session;
    await slot.stop();
    if (this.calls.decisionOf(toolUseId) === null || turn.stopped !== null) return turn.stopped === null;
    turn.row = { ...turn.row, attempts: turn.row.attempts + 1 };
    journal.saveTurn(turn.row);
    // The agent may report before its start is complete.
    const over = new Promise<Over>((resolve) => (this.#over = resolve));
    try {
      await slot.ensure(this.#session.wish());
    } catch (error) {
      this.#over = null;
      if (this.#halted) return true;
      if (turn.row.attempts < MAX_ATTEMPTS) throw error;
      return this.#settle(turn, endWithoutAgent(turn, error instanceof XswarmError ? error.message : String(error)));
    }
    const result = await over;
    // Nothing was told to the agent yet: it is asked again.
    if (result.type === 'cut' && turn.row.waits_for !== null && turn.stopped === null) {
      if (this.#halted) return true;
      if (turn.row.attempts < MAX_ATTEMPTS) return false;
    }
    return this.#finish(turn, result);
  }

  async #finish(turn: OpenTurn, result: Over): Promise<boolean> {
    this.#over = null;
    if (result.type === 'waiting') return this.#wait(turn, result);
    if (result.type === 'ended') return this.#settle(turn, withStop(turn, result.end), result.remark);
    turn.cut = { reason: result.reason, consumed: result.consumed };
    return false;
  }

  /** Writes down that the turn waits for a person, and ends the agent. */
  async #wait(turn: OpenTurn, { end, remark }: { end: TurnEnd; remark: string | null }): Promise<boolean> {
    const { journal } = this.#deps;
    const waits_for = this.calls.deferred;
    if (waits_for === null) return this.#settle(turn, end, remark);
    const row: TurnRow = { ...turn.row, waits_for, carried: addCarried(turn.row.carried, end) };
    journal.transaction(() => {
      journal.saveTurn(row);
      journal.saveConversation(this.#id, this.#session.row.conversation);
    });
    turn.row = row;
    if (remark !== null) this.#notice(`The cost of this turn so far is not exact: ${remark}`);
    return false;
  }

  /** The agent is about to be told: from here on the turn is one that runs. */
  #used(toolUseId: string): void {
    const turn = this.#open[0];
    if (turn === undefined || turn.row.waits_for !== toolUseId) return;
    turn.row = { ...turn.row, waits_for: null };
    this.#deps.journal.saveTurn(turn.row);
  }

  #send(turn: OpenTurn, agent: Agent): Promise<Over> {
    return new Promise((resolve) => {
      if (this.#session.slot.agent !== agent) {
        return resolve({ type: 'cut', reason: 'the agent ended at once', consumed: false });
      }
      this.#over = resolve;
      const { message, goesOn } = turn;
      if (goesOn === null) agent.send(message);
      else agent.goOn(message, { recorded: goesOn.recorded, seen: goesOn.seen, attempt: turn.row.attempts });
    });
  }

  async #resolveCut(turn: OpenTurn, cut: { reason: string; consumed: boolean }): Promise<boolean> {
    const { driver, journal, writer } = this.#deps;
    const { slot, log } = this.#session;
    // Two writers would tear the conversation into two branches: the old agent must be gone before anything else.
    await slot.stop();
    const record = await driver.inspect(this.#session.row.conversation, turn.row);
    // The agent's last words may still wait to be written; the decision must not be taken without them.
    writer.flush();
    if (!log.isWritten) throw writer.failure ?? new Error('The journal is not written yet');
    const journalled = journal.turnEvents(this.#id, turn.row.accepted_seq, turn.row.message_id);
    const decision = decideCutTurn({
      message_id: turn.row.message_id,
      attempts: turn.row.attempts,
      ...cut,
      record,
      journalled,
      hasLost: log.hasLost,
      onInterrupt: this.#session.row.options.on_interrupt ?? 'report',
      stopped: turn.stopped,
    });
    if (decision.type === 'settle') {
      this.#book(record);
      return this.#settle(turn, decision.end, record.remark);
    }
    const goesOn = decision.type === 'continue';
    // A halted gateway leaves it as it is: the next start finds the same.
    if (this.#halted && goesOn) return true;
    const carried = addCarried(turn.row.carried, record);
    const row: TurnRow = { ...turn.row, state: goesOn ? 'running' : 'accepted', carried };
    // In one commit: what the turn carries now must never be booked from the agent's record again.
    journal.transaction(() => {
      journal.saveTurn(row);
      journal.saveConversation(this.#id, { ...this.#session.row.conversation, ...record.booked });
    });
    this.#book(record);
    turn.row = row;
    turn.cut = null;
    const content = partialAnswer({ record, journalled });
    turn.goesOn = goesOn ? { recorded: record.recorded, seen: journalled, content } : null;
    if (this.#halted) return true;
    const next = goesOn
      ? `The turn was cut off (${cut.reason}); the agent goes on with it`
      : `The turn was cut off before it began (${cut.reason}); it is sent again`;
    this.#notice(record.remark === null ? next : `${next}. The cost so far: ${record.remark}`);
    return false;
  }

  async #settle(turn: OpenTurn, end: TurnEnd, remark: string | null = null): Promise<boolean> {
    this.#over = null;
    const why = remark ?? (end.cost_nano === null ? 'the agent does not report it' : null);
    if (why !== null) this.#notice(`The cost of this turn is not exact: ${why}`);
    const { message_id, turn_id, started_at, carried } = turn.row;
    const began = { turn_id, started_at: started_at ?? new Date().toISOString() };
    await this.#writeResult(began, takeCarried(carried, end), (seq) =>
      this.#deps.journal.finishTurn(this.#id, message_id, seq),
    );
    this.#open.shift();
    return false;
  }

  /** Writes the result of a turn that the agent began by itself. */
  #writeOwnTurn({ end, remark, began_at }: Extract<AgentReport, { type: 'ended' }>): void {
    const { logger } = this.#deps;
    if (remark !== null) this.#notice(`The cost of the agent's own turn is not exact: ${remark}`);
    const began = { turn_id: randomUUID(), started_at: began_at ?? new Date().toISOString() };
    this.#writeResult(began, { ...end, message_id: null }).catch((error: unknown) =>
      logger.error({ err: error, session_id: this.#id }, "the result of the agent's own turn is not written"),
    );
    // An interrupt that met such a turn has not stopped the one that waited behind it.
    const { agent } = this.#session.slot;
    if (this.current?.stopped && agent !== null) this.#interrupt(agent);
  }

  async #writeResult(
    turn: Pick<TurnResult, 'turn_id' | 'started_at'>,
    end: TurnEnd,
    alongside?: (seq: number) => void,
  ): Promise<void> {
    const { driver, journal } = this.#deps;
    const finished_at = new Date().toISOString();
    const { conversation } = this.#session.row;
    const result = { ...turn, ...end, agent: driver.name, simulated: driver.simulated, finished_at };
    await this.#session.log.append({ type: 'result', timestamp: finished_at, turn: result }, (seq) => {
      alongside?.(seq);
      journal.saveConversation(this.#id, conversation);
    });
  }

  /** The cost of a record is part of the result that is written next. */
  #book({ booked }: TurnRecord): void {
    const { row } = this.#session;
    this.#session.row = { ...row, conversation: { ...row.conversation, ...booked } };
  }

  #notice(text: string): void {
    void this.#session.log.append({ type: 'notice', timestamp: new Date().toISOString(), level: 'warning', text });
  }

  #interrupt(agent: Agent): void {
    // An agent that dies of it has stopped as well; its exit is reported anyway.
    agent
      .interrupt()
      .catch((error: unknown) =>
        this.#deps.logger.debug({ err: error, session_id: this.#id }, 'an interrupt was not confirmed'),
      );
  }

  #endAgent(graceMs?: number): void {
    this.#session.slot
      .stop(graceMs)
      .catch((error: unknown) =>
        this.#deps.logger.error({ err: error, session_id: this.#id }, 'an agent could not be stopped'),
      );
  }
}
