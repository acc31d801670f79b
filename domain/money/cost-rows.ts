/** By what `GET /costs` groups. */
export const COST_KEYS = ['day', 'project', 'user', 'model', 'session'] as const;
export type CostKey = (typeof COST_KEYS)[number];

/**
 * How far a sum of money can be trusted: `reported` by the agent, partly `estimated` from tokens, or a part of it is
 * `unknown`, so that the sum is a lower bound.
 */
export const CERTAINTIES = ['reported', 'estimated', 'unknown'] as const;
export type Certainty = (typeof CERTAINTIES)[number];

/** What was asked. `since` (inside) and `until` (not inside) are ISO 8601 UTC; both count by the quarter of an hour. */
export interface CostQuestion {
  /** Only the sessions of this user; null for everybody's. */
  user_id: string | null;
  since?: string;
  until?: string;
  group_by: CostKey;
  /** IANA name: where a day begins. */
  time_zone: string;
}

/** What was spent and used, in US dollars and tokens. Tokens are summed over all models. */
export interface CostSums {
  /** Null where costs are not tracked. */
  cost_usd: number | null;
  certainty: Certainty;
  /** Messages to the agent; by `model`, turns in which the model was used. */
  message_count: number;
  /** Turns whose cost is not known. */
  unknown_count: number;
  input_tokens: number;
  output_tokens: number;
  cache_read_tokens: number;
  cache_creation_tokens: number;
}

/** One group. `key` is a day as `2026-11-25`, a project's path, a user's or session's id, or a model's name. */
export interface CostRow extends CostSums {
  key: string;
}

/** The answer to a `CostQuestion`: days in order, everything else the dearest first. */
export interface CostRows {
  rows: CostRow[];
  total: CostSums;
}
