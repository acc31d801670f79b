import type { NanoUsd } from '../money/money.ts';
import type { AgentName, Failure } from './session.ts';

/** The one honest outcome of a turn. `unknown`: a crash cut it off and nothing proves how it ended. */
export const TURN_OUTCOMES = ['done', 'failed', 'unknown'] as const;
export type TurnOutcome = (typeof TURN_OUTCOMES)[number];

/**
 * Where a message is on its way. `queued` and `sent` are followed by the turn's outcome; a `waiting` one waits for a person,
 * a `cancelled` one was never sent.
 */
export const MESSAGE_STATUSES = ['queued', 'sent', 'waiting', ...TURN_OUTCOMES, 'cancelled'] as const;
export type MessageStatus = (typeof MESSAGE_STATUSES)[number];

/** Whether a message in this status has no outcome yet. */
export function isOpenMessage(status: MessageStatus): boolean {
  return status === 'queued' || status === 'sent' || status === 'waiting';
}

/** A message for Claude. `message_id` is a UUID and the key of everything that happens because of it. */
export interface AgentMessage {
  message_id: string;
  content: string;
  context?: Record<string, unknown>;
}

/** Tokens and money of one model in one turn, as the agent reported them. */
export interface ModelUsage {
  model: string;
  input_tokens: number;
  output_tokens: number;
  cache_read_tokens: number;
  cache_creation_tokens: number;
  cost_nano: NanoUsd;
}

/** The sum of two usages of one model; `usage` itself when there is no sum yet. */
export function addUsage(sum: ModelUsage | undefined, usage: ModelUsage): ModelUsage {
  if (sum === undefined) return usage;
  return {
    model: usage.model,
    input_tokens: sum.input_tokens + usage.input_tokens,
    output_tokens: sum.output_tokens + usage.output_tokens,
    cache_read_tokens: sum.cache_read_tokens + usage.cache_read_tokens,
    cache_creation_tokens: sum.cache_creation_tokens + usage.cache_creation_tokens,
    cost_nano: sum.cost_nano + usage.cost_nano,
  };
}

/** A settled turn. Written once by the gateway's journal; every later copy is equal. */
export interface TurnResult {
  /** UUID of the turn, and of the response that the mirror keeps for it. */
  turn_id: string;
  /** The message that was answered; null for a turn that the agent began by itself. */
  message_id: string | null;
  outcome: TurnOutcome;
  /** The whole answer, or what there was of it before the turn failed. */
  content: string;
  /** Set exactly when the outcome is not `done`. */
  failure: Failure | null;
  /** What this turn cost; null where the agent could not say. */
  cost_nano: NanoUsd | null;
  usage: ModelUsage[];
  agent: AgentName;
  simulated: boolean;
  /** ISO 8601 UTC. */
  started_at: string;
  /** ISO 8601 UTC. */
  finished_at: string;
}
