import type { AgentEvent } from '../../domain/session/event.ts';
import type { Failure } from '../../domain/session/session.ts';
import type { TurnEnd, TurnRecord } from '../drivers/driver.ts';

/** How often one message is handed to an agent before it is given up. */
export const MAX_ATTEMPTS = 3;
/** The same where it was the gateway that ended: mostly that is nothing which the message could be blamed for. */
export const MAX_GATEWAY_ATTEMPTS = 10;
/** The reason of a turn that an earlier gateway process left running. */
export const GATEWAY_ENDED = 'the gateway ended';

/** Everything that is known about a turn that stopped without a result. */
export interface CutTurn {
  message_id: string;
  attempts: number;
  /** Why it stopped, for people. */
  reason: string;
  /** The agent's own record. */
  record: TurnRecord;
  /** The turn's events in the gateway's journal. */
  journalled: AgentEvent[];
  /** Some of them could not be journalled. */
  hasLost: boolean;
  onInterrupt: 'report' | 'continue';
  /** Set when somebody asked for the turn to stop. */
  stopped: Failure | null;
  /** The agent knew the message already and will not answer it. */
  consumed: boolean;
}

/**
 * - `settle`: this is the turn's outcome.
 * - `rerun`: nothing of it was recorded, so it is handed over once more.
 * - `continue`: the agent goes on where it was.
 */
export type CutDecision = { type: 'settle'; end: TurnEnd } | { type: 'rerun' } | { type: 'continue' };

/** The one honest outcome: `done` only when the agent's record proves it, again only when there is no trace of it. */
export function decideCutTurn(turn: CutTurn): CutDecision {
  const { record } = turn;
  const { cost_nano, usage } = record;
  const content = partialAnswer(turn);
  const settle = (outcome: TurnEnd['outcome'], failure: Failure | null): CutDecision => ({
    type: 'settle',
    end: { message_id: turn.message_id, outcome, content, failure, cost_nano, usage },
  });

  if (record.found === 'finished') return settle(record.failure === null ? 'done' : 'failed', record.failure);
  if (turn.stopped !== null) return settle('failed', turn.stopped);

  const traceless = record.found === 'nothing' && !turn.hasLost && !turn.journalled.some(leavesTrace);
  const limit = turn.reason === GATEWAY_ENDED ? MAX_GATEWAY_ATTEMPTS : MAX_ATTEMPTS;
  if (turn.attempts < limit && !turn.consumed) {
    if (traceless) return { type: 'rerun' };
    if (turn.onInterrupt === 'continue') return { type: 'continue' };
  }
  if (traceless && !turn.consumed) {
    const message = `The agent ended ${turn.attempts} times before it began to answer (${turn.reason})`;
    return settle('failed', { code: 'AGENT_UNREACHABLE', message });
  }
  return settle('unknown', {
    code: 'TURN_UNKNOWN',
    message: `the turn was cut off and nothing proves how it ended (${turn.reason})`,
  });
}

/** What there is of the answer: by the agent's record, or else by what the gateway saw. */
export function partialAnswer({ record, journalled }: Pick<CutTurn, 'record' | 'journalled'>): string {
  const texts = journalled.flatMap((event) => (event.type === 'text' ? [event.text] : []));
  return (record.found === 'nothing' ? '' : record.content) || texts.join('\n\n');
}

function leavesTrace(event: AgentEvent): boolean {
  return event.type === 'text' || event.type === 'tool_started' || event.type === 'tool_finished';
}
