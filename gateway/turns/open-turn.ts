import { randomUUID } from 'node:crypto';
import type { Failure } from '../../domain/session/session.ts';
import { addUsage } from '../../domain/session/turn.ts';
import type { AgentMessage, ModelUsage } from '../../domain/session/turn.ts';
import type { CutAttempt, TurnEnd } from '../drivers/driver.ts';
import type { TurnRow } from '../journal/journal.ts';
import { GATEWAY_ENDED } from './cut-turn.ts';

/** A turn that has no outcome yet. */
export interface OpenTurn {
  row: TurnRow;
  message: AgentMessage;
  /** Why the agent stopped without a result; null while nothing is wrong. */
  cut: { reason: string; consumed: boolean } | null;
  /** What there was when the turn was cut off, for an agent that continues it; null when the agent is to begin. */
  goesOn: (Omit<CutAttempt, 'attempt'> & { content: string }) | null;
  /** Set when somebody asked for the turn to stop: the failure that it then ends with. */
  stopped: Failure | null;
}

/** The row of a new message's turn. A turn that begins at once is `running` from the first commit on. */
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
    waits_for: null,
  };
}

/** A turn as an earlier process left it. One that ran then was cut off. */
export function reopenTurn(row: TurnRow, message: AgentMessage): OpenTurn {
  const cut = row.state === 'running' && row.waits_for === null ? { reason: GATEWAY_ENDED, consumed: false } : null;
  return { row, message, cut, goesOn: null, stopped: null };
}

/**
 * The end of a turn that no agent took, because it was to stop or no agent could be started. A turn that was cut off before
 * ends `unknown`.
 */
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

type Spent = Pick<TurnEnd, 'cost_nano' | 'usage'>;

/** Adds the cost of an attempt to what a turn carries. An attempt of unknown cost adds nothing. */
export function addCarried(carried: string | null, attempt: Spent): string | null {
  if (attempt.cost_nano === null) return carried;
  return JSON.stringify(sum(parseCarried(carried), attempt));
}

/** The end of a turn with the cost of its earlier attempts. */
export function takeCarried(carried: string | null, end: TurnEnd): TurnEnd {
  if (carried === null) return end;
  return { ...end, ...sum(parseCarried(carried), end) };
}

function parseCarried(carried: string | null): Spent {
  return carried === null ? { cost_nano: 0, usage: [] } : (JSON.parse(carried) as Spent);
}

function sum(first: Spent, second: Spent): Spent {
  const usage = new Map<string, ModelUsage>();
  for (const each of [...first.usage, ...second.usage]) usage.set(each.model, addUsage(usage.get(each.model), each));
  return { cost_nano: (first.cost_nano ?? 0) + (second.cost_nano ?? 0), usage: [...usage.values()] };
}
