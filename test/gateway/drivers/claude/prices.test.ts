import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apiCall } from '../../../../gateway/drivers/claude/api-calls.ts';
import type { TokenCounts } from '../../../../gateway/drivers/claude/frames.ts';
import { isPriced, MODEL_PRICES, plainName, priceCall } from '../../../../gateway/drivers/claude/prices.ts';

const price = (model: string, usage: TokenCounts): number => priceCall(apiCall('a', model, usage, true));

/** Nano-dollars of 10,000 tokens of each kind, computed by hand: input, output, cache read, cache write 5 min, 1 h. */
const BY_HAND: Record<string, [number, number, number, number, number]> = {
  'claude-sonnet-5': [20_000_000, 100_000_000, 2_000_000, 25_000_000, 40_000_000],
  'claude-opus-5-5': [40_000_000, 200_000_000, 2_000_000, 50_000_000, 80_000_000],
  'claude-haiku-4-5': [10_000_000, 50_000_000, 1_000_000, 12_500_000, 20_000_000],
  'claude-fable-5': [100_000_000, 500_000_000, 10_000_000, 125_000_000, 200_000_000],
  'claude-opus-4-8': [50_000_000, 250_000_000, 5_000_000, 62_500_000, 100_000_000],
  'claude-sonnet-4-5': [30_000_000, 150_000_000, 3_000_000, 37_500_000, 60_000_000],
};

test('the figures by hand cover every model of the table', () => {
  assert.deepEqual(Object.keys(BY_HAND).sort(), Object.keys(MODEL_PRICES).sort());
});

for (const [model, [input, output, cacheRead, cacheWrite, cacheWriteHour]] of Object.entries(BY_HAND)) {
  test(`priceCall() prices each kind of token of ${model}`, () => {
    const tokens = 10_000;
    assert.equal(price(model, { input_tokens: tokens }), input);
    assert.equal(price(model, { output_tokens: tokens }), output);
    assert.equal(price(model, { cache_read_input_tokens: tokens }), cacheRead);
    assert.equal(price(model, { cache_creation_input_tokens: tokens }), cacheWrite);
    const cache_creation = { ephemeral_1h_input_tokens: tokens };
    assert.equal(price(model, { cache_creation_input_tokens: tokens, cache_creation }), cacheWriteHour);
  });
}

test('priceCall() prices a cache entry by how long it is kept, also within one call', () => {
  const usage = { cache_creation_input_tokens: 3_000, cache_creation: { ephemeral_1h_input_tokens: 1_000 } };
  assert.equal(price('claude-opus-5-5', usage), 2_000 * 5_000 + 1_000 * 8_000);
});

test('priceCall() adds one cent for each web search', () => {
  assert.equal(price('claude-sonnet-5', { input_tokens: 1, server_tool_use: { web_search_requests: 2 } }), 20_002_000);
});

test('priceCall() doubles the price of an Opus model in fast mode, and of no other', () => {
  assert.equal(price('claude-opus-5-5', { input_tokens: 10, speed: 'fast' }), 80_000);
  assert.equal(price('claude-sonnet-5', { input_tokens: 10, speed: 'fast' }), 20_000);
});

test('priceCall() prices an unknown model as Claude Code does', () => {
  const usage = { input_tokens: 7, output_tokens: 3, cache_read_input_tokens: 11 };
  assert.equal(isPriced('claude-next-9'), false);
  assert.equal(price('claude-next-9', usage), price('claude-opus-5-5', usage));
  assert.equal(price('toString', usage), price('claude-opus-5-5', usage));
});

test('plainName() leaves out the provider, the version, the date and the context window', () => {
  for (const name of [
    'claude-sonnet-5',
    'claude-sonnet-5[1m]',
    'claude-sonnet-5-20260101',
    'claude-sonnet-5-latest',
    'claude-sonnet-5@20260101',
    'us.anthropic.claude-sonnet-5-20260101-v1:0',
  ]) {
    assert.equal(plainName(name), 'claude-sonnet-5', name);
  }
  assert.equal(plainName('claude-sonnet-5-5'), 'claude-sonnet-5-5');
});
