import type { ApiCall } from './api-calls.ts';

/** US dollars for a million tokens of each kind. */
interface ModelPrice {
  input: number;
  output: number;
  cacheRead: number;
  /** A cache entry that is kept for five minutes. */
  cacheWrite: number;
  /** A cache entry that is kept for an hour: the default with a subscription token. */
  cacheWriteHour: number;
}

/**
 * What Claude Code itself books for each model. Source: measured with Claude Code 2.1.330, one call for each model and kind
 * of token, on 2026-11-25.
 */
export const MODEL_PRICES: Readonly<Record<string, ModelPrice>> = {
  'claude-sonnet-5': { input: 2, output: 10, cacheRead: 0.2, cacheWrite: 2.5, cacheWriteHour: 4 },
  'claude-opus-5-5': { input: 4, output: 20, cacheRead: 0.2, cacheWrite: 5, cacheWriteHour: 8 },
  'claude-haiku-4-5': { input: 1, output: 5, cacheRead: 0.1, cacheWrite: 1.25, cacheWriteHour: 2 },
  'claude-fable-5': { input: 10, output: 50, cacheRead: 1, cacheWrite: 12.5, cacheWriteHour: 20 },
  'claude-opus-4-8': { input: 5, output: 25, cacheRead: 0.5, cacheWrite: 6.25, cacheWriteHour: 10 },
  'claude-sonnet-4-5': { input: 3, output: 15, cacheRead: 0.3, cacheWrite: 3.75, cacheWriteHour: 6 },
};
/** Claude Code books a model that it does not know at this model's prices. */
const PRICE_OF_UNKNOWN = 'claude-opus-5-5';
const WEB_SEARCH_NANO = 10_000_000;
/** Fast mode costs this much more; only Opus models have it. */
const FAST_FACTOR = 2;
/** One dollar for a million tokens is this many nano-dollars for one token. */
const NANO_A_TOKEN = 1_000;

/** Whether a model has a price of its own. */
export function isPriced(model: string): boolean {
  return Object.hasOwn(MODEL_PRICES, plainName(model));
}

/** The price of one API call in nano-dollars. A model without a price of its own costs what Claude Code books for it. */
export function priceCall(call: Omit<ApiCall, 'id' | 'finished'>): number {
  const name = isPriced(call.model) ? plainName(call.model) : PRICE_OF_UNKNOWN;
  const price = MODEL_PRICES[name]!;
  const dollars =
    call.input_tokens * price.input +
    call.output_tokens * price.output +
    call.cache_read_tokens * price.cacheRead +
    (call.cache_creation_tokens - call.cache_creation_hour_tokens) * price.cacheWrite +
    call.cache_creation_hour_tokens * price.cacheWriteHour;
  const factor = call.fast && name.includes('opus') ? FAST_FACTOR : 1;
  return Math.round(dollars * NANO_A_TOKEN * factor) + call.web_searches * WEB_SEARCH_NANO;
}

/** A model's name without the provider, the date and the context window that some reports add. */
export function plainName(model: string): string {
  return model
    .replace(/^.*(?=claude-)/, '')
    .replace(/\[[^\]]*\]$/, '')
    .replace(/@.*$/, '')
    .replace(/-v\d+(:\d+)?$/, '')
    .replace(/-(\d{8}|latest)$/, '');
}
