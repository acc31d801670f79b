import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Translator } from '../../../../gateway/drivers/claude/translator.ts';
import type { ClaudeFrame } from '../../../../gateway/drivers/claude/frames.ts';
import type { AgentReport } from '../../../../gateway/drivers/driver.ts';

function begin(): { translator: Translator; reports: AgentReport[]; take: (...frames: ClaudeFrame[]) => void } {
  const reports: AgentReport[] = [];
  const translator = new Translator({ id: 'c', established: false, counters: {} }, (each) => reports.push(each));
  return { translator, reports, take: (...frames) => frames.forEach((frame) => translator.take(frame)) };
}

const lifecycle = (state: string, command_uuid = 'm'): ClaudeFrame => ({
  type: 'command_lifecycle',
  state,
  command_uuid,
});
const init: ClaudeFrame = { type: 'system', subtype: 'init', session_id: 'c' };
const text = (words: string): ClaudeFrame => ({
  type: 'assistant',
  message: { content: [{ type: 'text', text: words }] },
});
const result = (more: Partial<ClaudeFrame> = {}): ClaudeFrame => ({
  type: 'result',
  subtype: 'success',
  is_error: false,
  result: 'answer',
  uuid: 'r-1',
  user_message_uuids: ['m'],
  model_usage_since_last_result: { a: { inputTokens: 1, costUSD: 0.003 } },
  ...more,
});

function ends(reports: AgentReport[]): unknown[] {
  return reports.flatMap((each) =>
    each.type === 'ended' ? [[each.end.message_id, each.end.outcome, each.end.content, each.end.cost_nano]] : [],
  );
}

test('a result belongs to the message that it lists', () => {
  const { translator, reports, take } = begin();
  translator.expect('m', 'm');
  take(lifecycle('started'), init, text('answer'), result(), lifecycle('completed'));
  assert.deepEqual(ends(reports), [['m', 'done', 'answer', 3_000_000]]);
  assert.ok(reports.every((each) => each.type !== 'consumed'));
});

test('a prompt of its own stands for its message, in the events and in the result', () => {
  const { translator, reports, take } = begin();
  translator.expect('m', 'p');
  take(lifecycle('started', 'p'), init, text('answer'), result({ user_message_uuids: ['p'] }));
  assert.deepEqual(ends(reports), [['m', 'done', 'answer', 3_000_000]]);
  const texts = reports.flatMap((each) => (each.type === 'progress' && each.event.type === 'text' ? [each.event] : []));
  assert.deepEqual(
    texts.map((event) => event.message_id),
    ['m'],
  );
});

test('a prompt of its own that is closed without a result is reported under its message', () => {
  const { translator, reports, take } = begin();
  translator.expect('m', 'p');
  take(lifecycle('queued', 'p'), lifecycle('completed', 'p'));
  assert.deepEqual(reports, [{ type: 'consumed', message_id: 'm' }]);
});

test('a prompt that is not ours begins a turn of its own', () => {
  const { translator, reports, take } = begin();
  take(lifecycle('started', 'strange'), init, text('half'));
  translator.cut(null);
  assert.deepEqual(ends(reports), [[null, 'unknown', 'half', null]]);
});

test('a repeated result books nothing', () => {
  const { translator, reports, take } = begin();
  translator.expect('m', 'm');
  take(init, result(), result());
  assert.equal(ends(reports).length, 1);
});

test('a result without a message of ours is a turn of its own', () => {
  const { translator, reports, take } = begin();
  translator.expect('m', 'm');
  take(init, result({ user_message_uuids: undefined, origin: { kind: 'task-notification' } }));
  assert.deepEqual(ends(reports), [[null, 'done', 'answer', 3_000_000]]);
});

test('a message that is closed without a result is reported as consumed', () => {
  const { translator, reports, take } = begin();
  translator.expect('m', 'm');
  take(lifecycle('queued'), lifecycle('completed'));
  assert.deepEqual(reports, [{ type: 'consumed', message_id: 'm' }]);
});

test('a message closed while another turn runs waits for the result of that turn', () => {
  const { translator, reports, take } = begin();
  translator.expect('m', 'm');
  take(init, lifecycle('completed'));
  assert.deepEqual(reports, []);
  take(result());
  assert.deepEqual(ends(reports), [['m', 'done', 'answer', 3_000_000]]);
});

test('success is told by is_error, not by the subtype', () => {
  const { translator, reports, take } = begin();
  translator.expect('m', 'm');
  take(init, result({ is_error: true, result: 'API Error: 529' }));
  const [ended] = reports.filter((each) => each.type === 'ended');
  assert.deepEqual(ended?.end.failure, { code: 'TURN_FAILED', message: 'API Error: 529' });
});

test('an answer without a result text is taken from the last text block', () => {
  const { translator, reports, take } = begin();
  translator.expect('m', 'm');
  take(init, text('first'), text('last'), result({ result: '' }));
  assert.deepEqual(ends(reports), [['m', 'done', 'last', 3_000_000]]);
});

test('a turn that Claude had begun by itself ends unknown when the process is gone', () => {
  const { translator, reports, take } = begin();
  take(init, text('half'));
  translator.cut(null);
  assert.deepEqual(ends(reports), [[null, 'unknown', 'half', null]]);
});

test('what Claude saved at its end is what its own turn cost, and is booked with it', () => {
  const { translator, reports, take } = begin();
  take(init, text('half'));
  translator.cut({
    m: { input_tokens: 1, output_tokens: 1, cache_read_tokens: 0, cache_creation_tokens: 0, cost_nano: 7 },
  });
  assert.deepEqual(ends(reports), [[null, 'unknown', 'half', 7]]);
  const [ended] = reports.filter((each) => each.type === 'ended');
  assert.equal(ended?.conversation.counters.m?.cost_nano, 7);
});

test('a new session id is followed', () => {
  const { reports, take } = begin();
  take({ ...init, session_id: 'c-2' });
  assert.deepEqual(reports, [{ type: 'conversation', conversation: { id: 'c-2', established: false, counters: {} } }]);
});

test('a denial is reported once, whichever way it is told', () => {
  const { translator, reports, take } = begin();
  translator.deny('Bash', 'u-1', 'rm');
  take({ type: 'system', subtype: 'permission_denied', tool_name: 'Bash', tool_use_id: 'u-1' });
  assert.equal(reports.length, 1);
});

test('unknown frames are passed over', () => {
  const { reports, take } = begin();
  take({ type: 'brand_new' }, { type: 'system', subtype: 'brand_new' }, { type: 'stream_event' }, { type: 'user' });
  assert.deepEqual(reports, []);
});
