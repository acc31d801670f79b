import type { ModelUsage } from '../../domain/turn.ts';
import type { TurnEnd } from '../drivers/driver.ts';

type Spent = Pick<TurnEnd, 'cost_nano' | 'usage'>;

/** Adds what an attempt cost to what a turn carries; an attempt whose cost is not known adds nothing. */
export function addCarried(carried: string | null, attempt: Spent): string | null {
  if (attempt.cost_nano === null) return carried;
  return JSON.stringify(sum(parse(carried), attempt));
}

/** The end of a turn with the cost of its earlier attempts. */
export function takeCarried(carried: string | null, end: TurnEnd): TurnEnd {
  if (carried === null) return end;
  return { ...end, ...sum(parse(carried), end) };
}

function parse(carried: string | null): Spent {
  return carried === null ? { cost_nano: 0, usage: [] } : (JSON.parse(carried) as Spent);
}

function sum(first: Spent, second: Spent): Spent {
  const usage = new Map<string, ModelUsage>();
  for (const each of [...first.usage, ...second.usage]) {
    const before = usage.get(each.model);
    usage.set(each.model, before === undefined ? each : addUsage(before, each));
  }
  return { cost_nano: (first.cost_nano ?? 0) + (second.cost_nano ?? 0), usage: [...usage.values()] };
}

function addUsage(a: ModelUsage, b: ModelUsage): ModelUsage {
  return {
    model: a.model,
    input_tokens: a.input_tokens + b.input_tokens,
    output_tokens: a.output_tokens + b.output_tokens,
    cache_read_tokens: a.cache_read_tokens + b.cache_read_tokens,
    cache_creation_tokens: a.cache_creation_tokens + b.cache_creation_tokens,
    cost_nano: a.cost_nano + b.cost_nano,
  };
}
