import { randomUUID } from 'node:crypto';
import type { AgentMessage, TurnResult } from '../../domain/turn.ts';
import type { AgentSlot, AgentWish } from '../agents/agent-slot.ts';
import type { AgentDriver, AgentReport, Conversation, TurnEnd, TurnRecord } from '../drivers/driver.ts';
import type { Journal, SessionRow } from '../journal/journal.ts';
import type { JournalWriter } from '../journal/journal-writer.ts';
import type { Logger } from '../../domain/logger.ts';
import { newTurnRow, reopenTurn } from './open-turn.ts';
import type { Acceptance, SessionLog } from '../sessions/session-log.ts';
import { sessionClosed } from './stop-reasons.ts';
import { makeTurnRunner } from './turn-runner.ts';
import type { TurnRunner } from './turn-runner.ts';

/** A session's turns between its agent and its log. */
export interface SessionTurns {
  runner: TurnRunner;
  /** Journals a message and lines it up; `taken` is called before the answer, for a new message only. */
  accept(message: AgentMessage, taken: () => void): Promise<Acceptance>;
  /** A turn that the agent began by itself has ended. */
  unasked(report: Extract<AgentReport, { type: 'ended' }>): void;
}

/** Makes the turns go on from what the journal has of them. */
export function makeSessionTurns(session: {
  driver: AgentDriver;
  journal: Journal;
  writer: JournalWriter;
  logger: Logger;
  log: SessionLog;
  slot: AgentSlot;
  row: () => SessionRow;
  wish: () => AgentWish;
  setConversation: (conversation: Conversation) => void;
}): SessionTurns {
  const { driver, journal, writer, logger, log, slot } = session;
  const { session_id } = session.row();

  function appendResult(
    turn: Pick<TurnResult, 'turn_id' | 'started_at'>,
    end: TurnEnd,
    alongside?: (seq: number) => void,
    written?: () => void,
  ): void {
    const finished_at = new Date().toISOString();
    const { name: agent, simulated } = driver;
    const { conversation } = session.row();
    log.append(
      { type: 'result', timestamp: finished_at, turn: { ...turn, ...end, agent, simulated, finished_at } },
      {
        alongside: (seq) => {
          alongside?.(seq);
          journal.saveConversation(session_id, conversation);
        },
        committed: () => written?.(),
      },
    );
  }

  function notice(text: string): void {
    log.append({ type: 'notice', timestamp: new Date().toISOString(), level: 'warning', text });
  }

  function book({ booked }: TurnRecord): void {
    session.setConversation({ ...session.row().conversation, ...booked });
  }

  const runner = makeTurnRunner({
    onInterrupt: () => session.row().options.on_interrupt ?? 'report',
    ensureAgent: () => slot.ensure(session.wish()),
    isAlive: (agent) => slot.agent === agent,
    stopAgent: () => slot.stop(),
    inspect: (row) => driver.inspect(session.row().conversation, row),
    journalled(turn) {
      // What the agent said last may still wait to be written; the decision must not be taken without it.
      writer.flush();
      if (!log.isSettled) throw writer.failure ?? new Error('The journal is not written yet');
      return journal.turnEvents(session_id, turn.row.accepted_seq, turn.row.message_id);
    },
    hasLost: () => log.hasLost,
    saveTurn: (row) => journal.saveTurn(row),
    book,
    carryOn(row, record) {
      // In one commit: what the turn carries now must never be booked out of the agent's record once more.
      journal.transaction(() => {
        journal.saveTurn(row);
        journal.saveConversation(session_id, { ...session.row().conversation, ...record.booked });
      });
      book(record);
    },
    settle: ({ row: { message_id, turn_id, started_at } }, end) =>
      new Promise((resolve) => {
        const turn = { turn_id, started_at: started_at ?? new Date().toISOString() };
        appendResult(turn, end, (seq) => journal.finishTurn(session_id, message_id, seq), resolve);
      }),
    notice,
    failed: (error) => logger.error({ err: error, session_id }, 'a turn could not go on'),
  });
  for (const turn of journal.unfinishedTurns(session_id)) runner.push(reopenTurn(turn, journal.message(turn)));

  /** Whether a turn that begins at once is on its way into the journal. */
  let isBeginning = false;

  return {
    runner,
    accept(message, taken) {
      let beginsNow = false;
      const accepted = log.accept(
        message,
        (seq) => {
          beginsNow = runner.length === 0 && !isBeginning;
          isBeginning ||= beginsNow;
          return newTurnRow(session_id, message.message_id, seq, beginsNow);
        },
        (row) => {
          taken();
          // A message that was being written while the session closed does not run behind it.
          const stopped = session.row().state === 'closed' ? sessionClosed('the session ended') : null;
          runner.push({ row, message, cut: null, goesOn: null, stopped });
          runner.kick();
        },
      );
      return accepted.finally(() => {
        if (beginsNow) isBeginning = false;
      });
    },
    unasked({ end, remark, began_at }) {
      if (remark !== null) notice(`The cost of the agent's own turn is not exact: ${remark}`);
      const started_at = began_at ?? new Date().toISOString();
      appendResult({ turn_id: randomUUID(), started_at }, { ...end, message_id: null });
      if (!runner.current?.stopped) return;
      // An interrupt that met such a turn has not stopped the one that waited behind it.
      slot.agent?.interrupt().catch((error: unknown) => logger.warn({ err: error, session_id }, 'cannot interrupt'));
    },
  };
}
