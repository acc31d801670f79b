import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { bookResult, readCounters, usageSince } from '../../../../gateway/drivers/claude/usage.ts';
import type { UsageCounters } from '../../../../gateway/drivers/driver.ts';

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
