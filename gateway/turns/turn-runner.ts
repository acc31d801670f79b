import { XswarmError } from '../../domain/errors.ts';
import type { Failure } from '../../domain/session.ts';
import { decideCutTurn, partialAnswer } from './cut-turn.ts';
import { addCarried, takeCarried } from './carried-cost.ts';
import type { Agent, AgentReport, TurnEnd, TurnRecord } from '../drivers/driver.ts';
import type { TurnRow } from '../journal/journal.ts';
import { endWithoutAgent, withStop } from './open-turn.ts';
import type { OpenTurn } from './open-turn.ts';
import type { AgentEvent } from '../../domain/event.ts';

const RETRY_MS = 1000;

type Over = { type: 'ended'; end: TurnEnd; remark: string | null } | { type: 'cut'; reason: string; consumed: boolean };

/** What a runner needs of its session. */
export interface RunnerPort {
  onInterrupt(): 'report' | 'continue';
  ensureAgent(): Promise<Agent>;
  isAlive(agent: Agent): boolean;
  stopAgent(): Promise<void>;
  inspect(row: TurnRow): Promise<TurnRecord>;
  /** The events after the message's `accepted` event that belong to it. */
  journalled(turn: OpenTurn): AgentEvent[];
  /** Whether some of those could not be journalled. */
  hasLost(): boolean;
  saveTurn(row: TurnRow): void;
  /** The cost of a record is in the result that is written next. */
  book(record: TurnRecord): void;
  /** Writes down a turn that carries the cost of its record from now on. */
  carryOn(row: TurnRow, record: TurnRecord): void;
  /** Resolves when the outcome is durable. */
  settle(turn: OpenTurn, end: TurnEnd): Promise<void>;
  notice(text: string): void;
  failed(error: unknown): void;
}

/** Carries out a session's turns one at a time, in order, each to its one outcome. */
export interface TurnRunner {
  /** The turn that was handed to the agent, or is about to be. */
  readonly current: OpenTurn | null;
  readonly length: number;
  push(turn: OpenTurn): void;
  /** Goes on with what waits. */
  kick(): void;
  /** Whether a report was the current turn's business; it is taken then. */
  take(report: AgentReport): boolean;
  /** Every turn without an outcome is to end with this. */
  stopAll(why: Failure): void;
  /** Begins nothing more; what has no outcome stays for the next start. */
  halt(): void;
  /** Resolves when the turn that runs now is over, or when nothing runs. */
  quiet(): Promise<void>;
}

export function makeTurnRunner(port: RunnerPort): TurnRunner {
  const turns: OpenTurn[] = [];
  let over: ((over: Over) => void) | null = null;
  let working: Promise<void> | null = null;
  let halted = false;

  async function work(): Promise<void> {
    while (turns.length > 0 && !halted) {
      const turn = turns[0]!;
      const left = turn.cut === null ? await carryOut(turn) : await resolveCut(turn, turn.cut);
      if (left) return;
    }
  }

  /** True when the turn stays for the next start of the gateway. */
  async function carryOut(turn: OpenTurn): Promise<boolean> {
    if (turn.stopped !== null) return settle(turn, endWithoutAgent(turn, ''));
    if (turn.row.state !== 'running' || turn.goesOn !== null) {
      const { attempts, started_at } = turn.row;
      const now = new Date().toISOString();
      const row: TurnRow = { ...turn.row, state: 'running', attempts: attempts + 1, started_at: started_at ?? now };
      // First on disk: what an agent may have begun must not look like something that waits.
      port.saveTurn(row);
      turn.row = row;
    }
    let agent: Agent;
    try {
      agent = await port.ensureAgent();
    } catch (error) {
      if (halted) return true;
      const message = error instanceof XswarmError ? error.message : 'The agent could not be started';
      if (!(error instanceof XswarmError)) port.failed(error);
      return settle(turn, endWithoutAgent(turn, message));
    }
    if (halted) return true;
    if (turn.stopped !== null) return settle(turn, endWithoutAgent(turn, ''));
    const result = await hand(turn, agent);
    over = null;
    if (result.type === 'ended') return settle(turn, withStop(turn, result.end), result.remark);
    turn.cut = { reason: result.reason, consumed: result.consumed };
    return false;
  }

  function hand(turn: OpenTurn, agent: Agent): Promise<Over> {
    return new Promise((resolve) => {
      if (!port.isAlive(agent)) return resolve({ type: 'cut', reason: 'the agent ended at once', consumed: false });
      over = resolve;
      const { message, goesOn } = turn;
      if (goesOn === null) agent.send(message);
      else agent.goOn(message, { recorded: goesOn.recorded, seen: goesOn.seen, attempt: turn.row.attempts });
    });
  }

  async function resolveCut(turn: OpenTurn, cut: { reason: string; consumed: boolean }): Promise<boolean> {
    // Two writers on one conversation would lose one of the branches: the old agent is gone before anything else.
    await port.stopAgent();
    const record = await port.inspect(turn.row);
    const journalled = port.journalled(turn);
    const decision = decideCutTurn({
      message_id: turn.row.message_id,
      attempts: turn.row.attempts,
      ...cut,
      record,
      journalled,
      hasLost: port.hasLost(),
      onInterrupt: port.onInterrupt(),
      stopped: turn.stopped,
    });
    if (decision.type === 'settle') {
      port.book(record);
      return settle(turn, decision.end, record.remark);
    }
    const goesOn = decision.type === 'continue';
    // Stopped in the middle, it is looked at anew by the next start, which finds the same.
    if (halted && goesOn) return true;
    const carried = addCarried(turn.row.carried, record);
    const row: TurnRow = { ...turn.row, state: goesOn ? 'running' : 'accepted', carried };
    port.carryOn(row, record);
    turn.row = row;
    turn.cut = null;
    const content = partialAnswer({ record, journalled });
    turn.goesOn = goesOn ? { recorded: record.recorded, seen: journalled, content } : null;
    if (halted) return true;
    const next = goesOn
      ? `The turn was cut off (${cut.reason}); the agent goes on with it`
      : `The turn was cut off before it began (${cut.reason}); it is handed over again`;
    port.notice(record.remark === null ? next : `${next}. The cost so far: ${record.remark}`);
    return false;
  }

  async function settle(turn: OpenTurn, end: TurnEnd, remark: string | null = null): Promise<boolean> {
    over = null;
    const why = remark ?? (end.cost_nano === null ? 'the agent does not say what it was' : null);
    if (why !== null) port.notice(`The cost of this turn is not exact: ${why}`);
    await port.settle(turn, takeCarried(turn.row.carried, end));
    turns.shift();
    return false;
  }

  function kick(): void {
    if (working !== null || turns.length === 0 || halted) return;
    working = work()
      .catch((error: unknown) => {
        port.failed(error);
        setTimeout(kick, RETRY_MS).unref();
      })
      .then(() => {
        working = null;
      });
  }

  return {
    get current() {
      return working === null ? null : (turns[0] ?? null);
    },
    get length() {
      return turns.length;
    },
    push: (turn) => void turns.push(turn),
    kick,
    take(report) {
      if (over === null) return false;
      const id = turns[0]?.row.message_id;
      if (report.type === 'ended' && report.end.message_id === id) {
        over({ type: 'ended', end: report.end, remark: report.remark });
        return true;
      }
      if (report.type === 'consumed' && report.message_id === id) {
        over({ type: 'cut', reason: 'the agent gave no result for it', consumed: true });
        return true;
      }
      if (report.type === 'exited') over({ type: 'cut', reason: report.reason, consumed: false });
      return false;
    },
    stopAll(why) {
      for (const turn of turns) turn.stopped ??= why;
    },
    halt() {
      halted = true;
    },
    quiet: async () => {
      await working;
    },
  };
}
