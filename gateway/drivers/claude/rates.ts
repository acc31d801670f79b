import type { ModelUsage } from '../../../domain/turn.ts';
import type { UsageCounters } from '../driver.ts';

type Tokens = Omit<ModelUsage, 'model' | 'cost_nano'>;

/** What the models cost, as learnt from what Claude Code itself booked. */
export interface Rates {
  learn(usage: ModelUsage[]): void;
  learnTotals(counters: UsageCounters): void;
  /** Nano-dollars; null for a model that was never booked. */
  price(model: string, tokens: Tokens): number | null;
}

/** How Anthropic's list prices relate: output, cache reads and cache writes, each to a token of input. */
const OUTPUT = 5;
const CACHE_READ = 0.1;
const CACHE_WRITE = 1.25;

export function makeRates(): Rates {
  const rates = new Map<string, number>();

  function learnOne(model: string, tokens: Tokens, cost_nano: number): void {
    const weight = weigh(tokens);
    if (weight > 0 && cost_nano > 0) rates.set(plainName(model), cost_nano / weight);
  }

  return {
    learn: (usage) => usage.forEach((each) => learnOne(each.model, each, each.cost_nano)),
    learnTotals(counters) {
      for (const [model, count] of Object.entries(counters)) {
        if (!rates.has(plainName(model))) learnOne(model, count, count.cost_nano);
      }
    },
    price(model, tokens) {
      const rate = rates.get(plainName(model));
      return rate === undefined ? null : Math.round(rate * weigh(tokens));
    },
  };
}

function weigh(tokens: Tokens): number {
  return (
    tokens.input_tokens +
    OUTPUT * tokens.output_tokens +
    CACHE_READ * tokens.cache_read_tokens +
    CACHE_WRITE * tokens.cache_creation_tokens
  );
}

/** A model's name without the date and the context window that some reports add. */
export function plainName(model: string): string {
  return model.replace(/\[[^\]]*\]$/, '').replace(/-\d{8}$/, '');
}
