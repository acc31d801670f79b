import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { bookResult, leftoverOf, readCounters, usageSince } from '../../../../gateway/drivers/claude/usage.ts';
import type { Conversation, UsageCounters } from '../../../../gateway/drivers/driver.ts';

const raw = (input: number, cost: number): object => ({
  inputTokens: input,
  outputTokens: 0,
  cacheReadInputTokens: 0,
  cacheCreationInputTokens: 0,
  costUSD: cost,
});

test("bookResult() takes Claude's own delta where it is there", () => {
  const booking = bookResult(
    { modelUsage: { a: raw(900, 0.9) }, model_usage_since_last_result: { a: raw(100, 0.009000000000000001) } },
    {},
  );
  assert.deepEqual([booking.cost_nano, booking.usage.length], [9_000_000, 1]);
});

test('bookResult() books zero for an empty delta', () => {
  const booking = bookResult({ modelUsage: { a: raw(900, 0.9) }, model_usage_since_last_result: {} }, {});
  assert.deepEqual([booking.cost_nano, booking.usage], [0, []]);
});

test('bookResult() without a delta compares the totals with the last ones', () => {
  const before = readCounters({ a: raw(100, 0.1) });
  const { cost_nano } = bookResult({ modelUsage: { a: raw(300, 0.3), b: raw(5, 0.05) } }, before);
  assert.equal(cost_nano, 250_000_000);
});

test('bookResult() books nothing when a total fell back, neither a negative nor a second time', () => {
  const before = readCounters({ a: raw(400, 0.012) });
  const fallen = bookResult({ modelUsage: { a: raw(200, 0.006) } }, before);
  assert.deepEqual([fallen.cost_nano, fallen.usage], [null, []]);
  const next = bookResult({ modelUsage: { a: raw(300, 0.009) } }, fallen.counters);
  assert.equal(next.cost_nano, 3_000_000);
});

test('usageSince() is null when a model is gone from the totals', () => {
  assert.equal(usageSince({}, readCounters({ a: raw(1, 1) })), null);
});

test('readCounters() reads what is no usage as nothing', () => {
  for (const odd of [undefined, null, 7, 'x', {}]) assert.deepEqual(readCounters(odd), {});
  assert.equal(readCounters({ a: { costUSD: 'x', inputTokens: -1 } }).a?.cost_nano, 0);
});

test('deltas of rising totals add up to the last total, whatever the steps', () => {
  const step = fc.record({ input: fc.nat(10_000), nano: fc.nat(5_000_000_000) });
  fc.assert(
    fc.property(fc.array(step, { minLength: 1 }), (steps) => {
      let counters: UsageCounters = {};
      let [input, nano, booked] = [0, 0, 0];
      for (const each of steps) {
        input += each.input;
        nano += each.nano;
        const booking = bookResult({ modelUsage: { a: raw(input, nano / 1e9) } }, counters);
        counters = booking.counters;
        booked += booking.cost_nano!;
      }
      assert.equal(booked, nano);
    }),
  );
});

const totals = (cost_nano: number): UsageCounters => ({
  m: { input_tokens: cost_nano, output_tokens: 0, cache_read_tokens: 0, cache_creation_tokens: 0, cost_nano },
});
const known = (cost_nano: number, established = true): Conversation => ({
  id: 'c',
  established,
  counters: totals(cost_nano),
});

test('leftoverOf() is what was saved beyond what is booked, as a turn of its own with an unknown end', () => {
  const end = leftoverOf(totals(9), known(4));
  assert.deepEqual(
    [end?.message_id, end?.outcome, end?.failure?.code, end?.cost_nano],
    [null, 'unknown', 'TURN_UNKNOWN', 5],
  );
});

test('leftoverOf() is nothing when all is booked, when the totals fell back, and for a conversation that just begins', () => {
  assert.equal(leftoverOf(totals(4), known(4)), null);
  assert.equal(leftoverOf(totals(3), known(4)), null);
  assert.equal(leftoverOf({}, known(4)), null);
  assert.equal(leftoverOf(totals(9), known(4, false)), null);
});
