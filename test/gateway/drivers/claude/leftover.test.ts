import assert from 'node:assert/strict';
import { test } from 'node:test';
import { leftoverOf } from '../../../../gateway/drivers/claude/leftover.ts';
import type { Conversation, UsageCounters } from '../../../../gateway/drivers/driver.ts';

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
