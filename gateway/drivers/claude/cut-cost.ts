import { addUsage } from '../../../domain/session/turn.ts';
import type { ModelUsage } from '../../../domain/session/turn.ts';
import type { CutCost } from '../driver.ts';
import type { ApiCall } from './api-calls.ts';
import { isPriced, plainName, priceCall } from './prices.ts';
import { totalCost } from './usage.ts';

/** Everything that is known about the cost of a turn that was cut off. */
export interface CostEvidence {
  /** What Claude Code saved for it when it ended; null when it saved nothing. */
  saved: ModelUsage[] | null;
  /** The calls that were seen, in the stream or in the transcript. */
  calls: ApiCall[];
  /** The number of calls that were made and whose answer was not seen. */
  unanswered: number;
}

/** The known cost of a turn that was cut off, and a remark on what is estimated in it or missing from it. */
export function priceCut(evidence: CostEvidence): CutCost {
  const { saved, unanswered } = evidence;
  const calls = saved === null ? evidence.calls : evidence.calls.filter((call) => !isSaved(call, evidence));
  const usage = new Map((saved ?? []).map((each) => [each.model, each]));
  for (const call of calls) {
    const { model, input_tokens, output_tokens, cache_read_tokens, cache_creation_tokens } = call;
    const counts = { model, input_tokens, output_tokens, cache_read_tokens, cache_creation_tokens };
    usage.set(model, addUsage(usage.get(model), { ...counts, cost_nano: priceCall(call) }));
  }
  const booked = [...usage.values()];
  return {
    cost_nano: saved !== null || calls.length > 0 ? totalCost(booked) : null,
    usage: booked,
    remark: remarkOn(calls, unanswered, saved !== null),
  };
}

/** Claude Code saves the calls that were complete when it ended. A call that its own end cut off is not among them. */
function isSaved(call: ApiCall, { saved, calls }: CostEvidence): boolean {
  if (call.finished) return true;
  const inputs = (all: (ModelUsage | ApiCall)[]): number =>
    all
      .filter((each) => plainName(each.model) === plainName(call.model))
      .reduce((sum, each) => sum + each.input_tokens + each.cache_read_tokens + each.cache_creation_tokens, 0);
  return inputs(saved ?? []) >= inputs(calls);
}

function remarkOn(calls: ApiCall[], unanswered: number, isSavedKnown: boolean): string | null {
  const cut = calls.filter((call) => !call.finished).length;
  const unknown = calls.filter((call) => !isPriced(call.model));
  const parts: string[] = [];
  if (calls.length > 0) parts.push(`${count(calls.length)} priced by the tokens`);
  if (cut > 0) parts.push(`of ${count(cut)} only what had arrived is counted`);
  if (unknown.length > 0) {
    const models = [...new Set(unknown.map((call) => call.model))].join(', ');
    parts.push(`${models} has no known price and is priced as Claude Code prices unknown models`);
  }
  if (unanswered > 0) parts.push(`${count(unanswered)} without an answer not booked`);
  if (!isSavedKnown && parts.length === 0) parts.push('nothing reports what it cost');
  return parts.length === 0 ? null : parts.join('; ');
}

function count(calls: number): string {
  return calls === 1 ? '1 API call' : `${calls} API calls`;
}
