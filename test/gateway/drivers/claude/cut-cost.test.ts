import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { ModelUsage } from '../../../../domain/session/turn.ts';
import { apiCall, CallMeter, mergeCalls } from '../../../../gateway/drivers/claude/api-calls.ts';
import type { ApiCall } from '../../../../gateway/drivers/claude/api-calls.ts';
import { priceCut } from '../../../../gateway/drivers/claude/cut-cost.ts';
import type { ClaudeFrame, StreamEvent } from '../../../../gateway/drivers/claude/frames.ts';

const MODEL = 'claude-sonnet-5';
/** Nano-dollars of one token of input. */
const INPUT = 2_000;

const usage = (input_tokens: number, output_tokens: number, cost_nano: number, model = MODEL): ModelUsage => ({
  model,
  input_tokens,
  output_tokens,
  cache_read_tokens: 0,
  cache_creation_tokens: 0,
  cost_nano,
});
const call = (id: string, input_tokens: number, output_tokens: number, finished = true, model = MODEL): ApiCall =>
  apiCall(id, model, { input_tokens, output_tokens }, finished);
const stream = (event: StreamEvent, parent: string | null = null): ClaudeFrame => ({
  type: 'stream_event',
  event,
  parent_tool_use_id: parent,
});
const start = (id: string, parent: string | null = null): ClaudeFrame =>
  stream(
    { type: 'message_start', message: { id, model: MODEL, usage: { input_tokens: 10, output_tokens: 1 } } },
    parent,
  );
const finish = (output_tokens: number, parent: string | null = null): ClaudeFrame =>
  stream({ type: 'message_delta', delta: {}, usage: { output_tokens } }, parent);
const words = (text: string, parent: string | null = null): ClaudeFrame =>
  stream({ type: 'content_block_delta', delta: { type: 'text_delta', text } }, parent);

test('the meter counts each call once, also those of subagents side by side, and guesses a cut output', () => {
  const meter = new CallMeter();
  const frames = [
    start('a'),
    start('b', 'tool'),
    words('x'.repeat(40)),
    words('y'.repeat(80), 'tool'),
    finish(7, 'tool'),
  ];
  for (const frame of frames) meter.take(frame);
  meter.take({ type: 'assistant', message: { id: 'a', model: MODEL, usage: { input_tokens: 10 }, content: [] } });
  assert.deepEqual(meter.calls, [call('a', 10, 10, false), call('b', 10, 7)]);
  meter.clear();
  assert.deepEqual(meter.calls, []);
});

test('mergeCalls() prefers the source that came further', () => {
  assert.deepEqual(mergeCalls([call('a', 1, 1, false), call('b', 1, 5)], [call('a', 1, 9), call('b', 1, 1, false)]), [
    call('a', 1, 9),
    call('b', 1, 5),
  ]);
});

test('priceCut() trusts what Claude saved, and adds only a call that was cut', () => {
  const calls = [call('a', 1000, 0), call('b', 500, 0, false)];
  const saved = [usage(1000, 0, 1000 * INPUT)];
  assert.deepEqual(priceCut({ saved, calls: calls.slice(0, 1), unanswered: 0 }), {
    cost_nano: 1000 * INPUT,
    usage: saved,
    remark: null,
  });
  const cut = priceCut({ saved, calls, unanswered: 0 });
  assert.equal(cut.cost_nano, 1500 * INPUT);
  assert.match(cut.remark!, /1 API call priced/);
  const counted = priceCut({ saved: [usage(1500, 0, 1500 * INPUT)], calls, unanswered: 0 });
  assert.deepEqual([counted.cost_nano, counted.remark], [1500 * INPUT, null]);
});

test('priceCut() reports what is estimated or missing: unknown models, calls without an answer, nothing at all', () => {
  const remark = (calls: ApiCall[], unanswered: number): unknown[] => {
    const cost = priceCut({ saved: null, calls, unanswered });
    return [cost.cost_nano, cost.remark];
  };
  assert.deepEqual(remark([], 0), [null, 'nothing reports what it cost']);
  assert.deepEqual(remark([], 2), [null, '2 API calls without an answer not booked']);
  assert.deepEqual(remark([call('a', 3, 4, true, 'new')], 0), [
    3 * 4_000 + 4 * 20_000,
    '1 API call priced by the tokens; new has no known price and is priced as Claude Code prices unknown models',
  ]);
});

test('priceCut() is never exact and silent about a call that is not in it, and never books less for more calls', () => {
  const someCall = fc.record({
    input: fc.nat(5000),
    output: fc.nat(500),
    finished: fc.boolean(),
    model: fc.constantFrom(MODEL, 'new'),
  });
  fc.assert(
    fc.property(fc.array(someCall, { maxLength: 6 }), fc.nat(3), (list, unanswered) => {
      const calls = list.map(({ input, output, finished, model }, index) =>
        call(String(index), input, output, finished, model),
      );
      const cost = priceCut({ saved: null, calls, unanswered });
      assert.notEqual(cost.remark, null);
      const fewer = priceCut({ saved: null, calls: calls.slice(1), unanswered });
      assert.ok((cost.cost_nano ?? 0) >= (fewer.cost_nano ?? 0));
    }),
  );
});
