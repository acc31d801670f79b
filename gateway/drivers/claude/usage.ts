import { usdToNano } from '../../../domain/money/money.ts';
import type { ModelUsage } from '../../../domain/session/turn.ts';
import type { Conversation, TurnEnd, UsageCounters } from '../driver.ts';

/** What a result books: the tokens and money since the one before, and where the counters stand now. */
export interface Booking {
  usage: ModelUsage[];
  /** Null when the agent's totals fell back and nothing says what was spent. */
  cost_nano: number | null;
  counters: UsageCounters;
}

/** Reads Claude's `modelUsage`; what is no number counts as zero. */
export function readCounters(modelUsage: unknown): UsageCounters {
  if (typeof modelUsage !== 'object' || modelUsage === null) return {};
  const counters: UsageCounters = {};
  for (const [model, raw] of Object.entries(modelUsage as Record<string, Record<string, unknown>>)) {
    counters[model] = {
      input_tokens: whole(raw.inputTokens),
      output_tokens: whole(raw.outputTokens),
      cache_read_tokens: whole(raw.cacheReadInputTokens),
      cache_creation_tokens: whole(raw.cacheCreationInputTokens),
      cost_nano: amount(raw.costUSD),
    };
  }
  return counters;
}

function whole(value: unknown): number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : 0;
}

function amount(value: unknown): number {
  return typeof value === 'number' && value > 0 && Number.isFinite(value) ? usdToNano(value) : 0;
}

/** The difference of two readings; null when one of the counters fell back. */
export function usageSince(now: UsageCounters, before: UsageCounters): ModelUsage[] | null {
  if (Object.keys(before).some((model) => now[model] === undefined)) return null;
  const usage: ModelUsage[] = [];
  for (const [model, count] of Object.entries(now)) {
    const base = before[model];
    const delta: ModelUsage = {
      model,
      input_tokens: count.input_tokens - (base?.input_tokens ?? 0),
      output_tokens: count.output_tokens - (base?.output_tokens ?? 0),
      cache_read_tokens: count.cache_read_tokens - (base?.cache_read_tokens ?? 0),
      cache_creation_tokens: count.cache_creation_tokens - (base?.cache_creation_tokens ?? 0),
      cost_nano: count.cost_nano - (base?.cost_nano ?? 0),
    };
    const numbers = [delta.input_tokens, delta.output_tokens, delta.cache_read_tokens, delta.cost_nano];
    if (delta.cache_creation_tokens < 0 || numbers.some((number) => number < 0)) return null;
    if (delta.cache_creation_tokens > 0 || numbers.some((number) => number > 0)) usage.push(delta);
  }
  return usage;
}

/** The sum of what the models cost. */
export function totalCost(usage: ModelUsage[]): number {
  return usage.reduce((sum, model) => sum + model.cost_nano, 0);
}

/**
 * Books one result frame. Claude's own delta is taken where it is there; else the totals are compared with the last
 * ones of the same process, and a total that fell back books nothing rather than a negative or a second time.
 */
export function bookResult(
  frame: { modelUsage?: unknown; model_usage_since_last_result?: unknown },
  before: UsageCounters,
): Booking {
  const counters = readCounters(frame.modelUsage);
  const since = frame.model_usage_since_last_result;
  if (typeof since === 'object' && since !== null) {
    const usage = usageSince(readCounters(since), {})!;
    return { usage, cost_nano: totalCost(usage), counters };
  }
  const usage = usageSince(counters, before);
  return usage === null ? { usage: [], cost_nano: null, counters } : { usage, cost_nano: totalCost(usage), counters };
}

/**
 * What Claude Code spent and saved after the last result that a gateway saw, in a turn of its own that outlived the
 * gateway. Null when all of it is booked.
 */
export function leftoverOf(saved: UsageCounters, { established, counters }: Conversation): TurnEnd | null {
  const usage = established ? (usageSince(saved, counters) ?? []) : [];
  const cost_nano = totalCost(usage);
  if (cost_nano === 0) return null;
  return {
    message_id: null,
    outcome: 'unknown',
    content: '',
    failure: {
      code: 'TURN_UNKNOWN',
      message: 'The agent worked after the gateway had ended; only its cost is known',
    },
    cost_nano,
    usage,
  };
}
