import assert from 'node:assert/strict';
import test from 'node:test';
import type { NumberedEvent } from '../../activities/line/agent-connection.ts';
import { EventBuffer } from '../../activities/event-buffer.ts';

const never = new AbortController().signal;

function event(seq: number, bytes = 100): NumberedEvent {
  return { seq, bytes, event: { type: 'background', timestamp: '2026-01-01T00:00:00.000Z', tasks: seq } };
}

/** One that a reader can do without. */
function text(seq: number, bytes = 100): NumberedEvent {
  return { seq, bytes, event: { type: 'text', timestamp: '2026-01-01T00:00:00.000Z', message_id: null, text: 'hm' } };
}

const MIB = 1024 * 1024;

const numbers = (events: NumberedEvent[]) => events.map(({ seq }) => seq);

test('take() gives a burst as one batch', async () => {
  const buffer = new EventBuffer(0);
  const taken = buffer.take(0, never);
  for (const seq of [1, 2, 3]) buffer.push(event(seq));
  assert.deepEqual(numbers(await taken), [1, 2, 3]);
});

test('take() gives a second reader what the first one had', async () => {
  const buffer = new EventBuffer(4);
  buffer.push(event(5));
  buffer.push(event(6));
  assert.deepEqual(numbers(await buffer.take(4, never)), [5, 6]);
  assert.deepEqual(numbers(await buffer.take(5, never)), [6]);
});

test('push() drops what is known already', async () => {
  const buffer = new EventBuffer(4);
  for (const seq of [4, 5, 5, 3]) buffer.push(event(seq));
  assert.deepEqual(numbers(await buffer.take(4, never)), [5]);
});

test('covers() is false for a cursor whose events are forgotten', async () => {
  const buffer = new EventBuffer(4);
  buffer.push(event(5));
  buffer.push(event(6));
  await buffer.take(5, never);
  assert.deepEqual([buffer.covers(3), buffer.covers(5), buffer.covers(6)], [false, true, true]);
});

test('a buffer that is never read lets go of what a reader can do without, and never of what settles', async () => {
  const buffer = new EventBuffer(0);
  buffer.push(event(1));
  for (let seq = 2; seq <= 6_000; seq += 1) buffer.push(text(seq));
  const taken = await buffer.take(0, never);
  assert.equal(buffer.covers(0), true);
  assert.deepEqual([taken[0]?.seq, taken.length], [1, 1_001]);
});

test('a buffer that let everything go still knows what it had', async () => {
  const buffer = new EventBuffer(0);
  buffer.push(text(1, 9 * MIB));
  buffer.push(event(2), event(3));
  buffer.push(text(4, 9 * MIB));
  buffer.push(text(1), text(4), event(5));
  assert.deepEqual(numbers(await buffer.take(0, never)), [2, 3, 5]);
  const texts = new EventBuffer(0);
  texts.push(text(7, 9 * MIB));
  texts.push(text(7), event(8));
  assert.deepEqual(numbers(await texts.take(0, never)), [8]);
});

test('a buffer that is never read keeps no more than some MiB', async () => {
  const buffer = new EventBuffer(0);
  buffer.push(event(1));
  for (let seq = 2; seq <= 100; seq += 1) buffer.push(text(seq, MIB));
  const taken = await buffer.take(0, never);
  assert.ok(taken.length <= 10, `${taken.length} events`);
  assert.deepEqual([taken[0]?.seq, taken.at(-1)?.seq], [1, 100]);
});

test('a batch that is larger than what is kept reaches who waits for it whole', async () => {
  const buffer = new EventBuffer(0);
  const taken = buffer.take(0, never);
  buffer.push(event(1, 20 * MIB), event(2, 20 * MIB));
  assert.deepEqual(numbers(await taken), [1, 2]);
});

test('take() refuses a reader whose events are forgotten, so that it takes a new line and misses none', async () => {
  const buffer = new EventBuffer(4);
  buffer.push(event(5));
  buffer.push(event(6));
  await buffer.take(5, never);
  const late = buffer.take(4, never);
  await assert.rejects(late, { type: 'UNAVAILABLE', retryable: true, message: /no events from 5 to 5/ });
});

test('fail() ends the wait, after what is left was taken', async () => {
  const buffer = new EventBuffer(0);
  buffer.push(event(1));
  buffer.fail(new Error('gone'));
  assert.deepEqual(numbers(await buffer.take(0, never)), [1]);
  await assert.rejects(buffer.take(1, never), /gone/);
});

test('take() ends when its signal aborts', async () => {
  const controller = new AbortController();
  const taken = new EventBuffer(0).take(0, controller.signal);
  controller.abort(new Error('enough'));
  await assert.rejects(taken, /enough/);
});

test('interrupt() tells who waits now, and leaves the buffer as it is', async () => {
  const buffer = new EventBuffer(0);
  const taken = buffer.take(0, never);
  buffer.interrupt(new Error('held up'));
  await assert.rejects(taken, /held up/);
  buffer.push(event(1));
  assert.deepEqual(numbers(await buffer.take(0, never)), [1]);
});
