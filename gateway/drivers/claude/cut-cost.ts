import type { ModelUsage } from '../../../domain/turn.ts';
import type { CutCost } from '../driver.ts';
import type { ApiCall } from './api-calls.ts';
import { plainName } from './rates.ts';
import type { Rates } from './rates.ts';
import { totalCost } from './usage.ts';

/** Everything that tells what a cut turn cost. */
export interface CostEvidence {
  /** What Claude Code saved for it when it ended; null when it saved nothing. */
  saved: ModelUsage[] | null;
  /** The calls that were seen, in the stream or in the transcript. */
  calls: ApiCall[];
  /** Calls that were made and of whose answer nothing was seen. */
  unanswered: number;
}

/** Books what is known of a cut turn's cost, and says what is estimated or missing. */
export function priceCut(evidence: CostEvidence, rates: Rates): CutCost {
  const { saved, unanswered } = evidence;
  const calls = saved === null ? evidence.calls : evidence.calls.filter((call) => !isSaved(call, evidence));
  const usage = new Map((saved ?? []).map((each) => [each.model, each]));
  const unpriced: ApiCall[] = [];
  for (const call of calls) {
    const cost_nano = rates.price(call.model, call);
    if (cost_nano === null) unpriced.push(call);
    else usage.set(call.model, addCall(usage.get(call.model), call, cost_nano));
  }
  const booked = [...usage.values()];
  const isKnown = saved !== null || calls.length > unpriced.length;
  return {
    cost_nano: isKnown ? totalCost(booked) : null,
    usage: booked,
    remark: remarkOn({ calls, unpriced, unanswered, isKnown }),
  };
}

/** A call that was cut by Claude's own end is not in what it saved; one that had ended by then is. */
function isSaved(call: ApiCall, { saved, calls }: CostEvidence): boolean {
  if (call.finished) return true;
  const inputs = (all: (ModelUsage | ApiCall)[]): number =>
    all
      .filter((each) => plainName(each.model) === plainName(call.model))
      .reduce((sum, each) => sum + each.input_tokens + each.cache_read_tokens + each.cache_creation_tokens, 0);
  return inputs(saved ?? []) >= inputs(calls);
}

function addCall(before: ModelUsage | undefined, call: ApiCall, cost_nano: number): ModelUsage {
  return {
    model: call.model,
    input_tokens: (before?.input_tokens ?? 0) + call.input_tokens,
    output_tokens: (before?.output_tokens ?? 0) + call.output_tokens,
    cache_read_tokens: (before?.cache_read_tokens ?? 0) + call.cache_read_tokens,
    cache_creation_tokens: (before?.cache_creation_tokens ?? 0) + call.cache_creation_tokens,
    cost_nano: (before?.cost_nano ?? 0) + cost_nano,
  };
}

function remarkOn(cost: {
  calls: ApiCall[];
  unpriced: ApiCall[];
  unanswered: number;
  isKnown: boolean;
}): string | null {
  const { calls, unpriced, unanswered } = cost;
  const priced = calls.length - unpriced.length;
  const cut = calls.filter((call) => !call.finished).length;
  const parts: string[] = [];
  if (priced > 0) parts.push(`${count(priced)} priced by the tokens, at the rate of earlier turns`);
  if (cut > 0) parts.push(`of ${count(cut)} only what had arrived is counted`);
  if (unpriced.length > 0) {
    const tokens = unpriced.reduce((sum, call) => sum + call.input_tokens + call.output_tokens, 0);
    const models = [...new Set(unpriced.map((call) => call.model))].join(', ');
    parts.push(`${count(unpriced.length)} of ${models} with ${tokens} tokens not booked, because no rate is known`);
  }
  if (unanswered > 0) parts.push(`${count(unanswered)} without an answer not booked`);
  if (!cost.isKnown && parts.length === 0) parts.push('nothing tells what it cost');
  return parts.length === 0 ? null : parts.join('; ');
}

function count(calls: number): string {
  return calls === 1 ? '1 API call' : `${calls} API calls`;
}
