import { randomUUID } from 'node:crypto';
import type { Failure } from '../../domain/session.ts';
import type { AgentMessage } from '../../domain/turn.ts';
import { GATEWAY_ENDED } from './cut-turn.ts';
import type { CutAttempt, TurnEnd } from '../drivers/driver.ts';
import type { TurnRow } from '../journal/journal.ts';

/** A turn that has no outcome yet. */
export interface OpenTurn {
  row: TurnRow;
  message: AgentMessage;
  /** Why the agent stopped without a result; null while nothing is wrong. */
  cut: { reason: string; consumed: boolean } | null;
  /** What there was when it was cut off, for an agent that goes on with it; null when it is to begin. */
  goesOn: (Omit<CutAttempt, 'attempt'> & { content: string }) | null;
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
  return { row, message, cut, goesOn: null, stopped: null };
}

/** The end of a turn that no agent took: it was to stop, or none could be had. What was cut off before is not made out as new. */
export function endWithoutAgent({ row, stopped, goesOn }: OpenTurn, why: string): TurnEnd {
  const unreachable = { code: 'AGENT_UNREACHABLE', message: why };
  const message = `the turn was cut off and the agent could not go on with it (${why})`;
  return {
    message_id: row.message_id,
    outcome: stopped === null && goesOn !== null ? 'unknown' : 'failed',
    content: goesOn?.content ?? '',
    failure: stopped ?? (goesOn === null ? unreachable : { code: 'TURN_UNKNOWN', message }),
    cost_nano: 0,
    usage: [],
  };
}

/** A turn that was asked to stop ends with that reason, unless it was done by then. */
export function withStop(turn: OpenTurn, end: TurnEnd): TurnEnd {
  return turn.stopped === null || end.outcome === 'done' ? end : { ...end, failure: turn.stopped };
}
