import { randomUUID } from 'node:crypto';
import type { Failure } from '../domain/session.ts';
import type { AgentMessage } from '../domain/turn.ts';
import { GATEWAY_ENDED } from './cut-turn.ts';
import type { TurnRow } from './journal/journal.ts';

/** A turn that has no outcome yet. */
export interface OpenTurn {
  row: TurnRow;
  message: AgentMessage;
  /** Why the agent stopped without a result; null while nothing is wrong. */
  cut: { reason: string; consumed: boolean } | null;
  /** The agent is to go on with it by itself. */
  continuing: boolean;
  /** Set when somebody asked for it to stop: what it then ends with. */
  stopped: Failure | null;
}

/** The row of a new message's turn. One that begins at once says so in the same commit. */
export function newTurnRow(session_id: string, message_id: string, seq: number, beginsNow: boolean): TurnRow {
  return {
    session_id,
    message_id,
    turn_id: randomUUID(),
    state: beginsNow ? 'running' : 'accepted',
    attempts: beginsNow ? 1 : 0,
    accepted_seq: seq,
    result_seq: null,
    started_at: beginsNow ? new Date().toISOString() : null,
    carried: null,
  };
}

/** A turn as an earlier process left it. One that ran then was cut off. */
export function reopenTurn(row: TurnRow, message: AgentMessage): OpenTurn {
  const cut = row.state === 'running' ? { reason: GATEWAY_ENDED, consumed: false } : null;
  return { row, message, cut, continuing: false, stopped: null };
}
