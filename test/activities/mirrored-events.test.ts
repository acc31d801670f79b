import assert from 'node:assert/strict';
import test from 'node:test';
import type { NumberedEvent } from '../../src/activities/agent-connection.ts';
import { makeMirroredEvents, type MirroredEvents } from '../../src/activities/mirrored-events.ts';
import { errors } from '../../src/domain/errors.ts';
import { makeMemoryMirror, type MemoryMirror } from '../support/memory-mirror.ts';

const never = new AbortController().signal;

function event(seq: number): NumberedEvent {
  return { seq, event: { type: 'background', timestamp: '2026-01-01T00:00:00.000Z', tasks: seq } };
}

interface Line {
  events: MirroredEvents;
  mirror: MemoryMirror;
  flow: string[];
}

function line(): Line {
  const flow: string[] = [];
  const mirror = makeMemoryMirror();
  const hold = { pause: () => void flow.push('pause'), resume: () => void flow.push('resume') };
  return { flow, mirror, events: makeMirroredEvents({ sessionId: 's-1', afterSeq: 0, mirror, flow: hold }) };
}

const numbers = (events: NumberedEvent[]): number[] => events.map(({ seq }) => seq);
const written = ({ batches }: MemoryMirror): number[][] =>
  batches.map((batch) => batch.map((write) => (write.type === 'agent' ? write.seq : 0)));

test('a burst is one transaction of the mirror, before anybody takes it', async () => {
  const { events, mirror } = line();
  for (const seq of [1, 2, 3]) events.push(event(seq));
  assert.deepEqual(numbers(await events.take(0, never)), [1, 2, 3]);
  assert.deepEqual(written(mirror), [[1, 2, 3]]);
});

test('events reach the mirror when nobody takes them', async () => {
  const { events, mirror } = line();
  events.push(event(1));
  while (mirror.batches.length === 0) await new Promise(setImmediate);
  assert.deepEqual(written(mirror), [[1]]);
});

test('while the mirror cannot be written takers hear why, and nothing is taken before it is written', async () => {
  const { events, mirror } = line();
  mirror.failure = errors.unavailable('The database');
  const taken = events.take(0, never);
  events.push(event(1));
  await assert.rejects(taken, { code: 'UNAVAILABLE' });
  const again = events.take(0, never);
  await assert.rejects(again, { code: 'UNAVAILABLE' });
  mirror.failure = null;
  assert.deepEqual(numbers(await events.take(0, never)), [1]);
  assert.deepEqual(written(mirror), [[1]]);
});

test('the end of the line comes after what was pushed before it', async () => {
  const { events } = line();
  events.push(event(1));
  events.fail(new Error('gone'));
  assert.deepEqual(numbers(await events.take(0, never)), [1]);
  await assert.rejects(events.take(1, never), /gone/);
});

test('a line that is stopped tries nothing again', async () => {
  const { events, mirror } = line();
  mirror.failure = errors.unavailable('The database');
  events.push(event(1));
  events.stop();
  events.fail(new Error('closed'));
  await assert.rejects(events.take(0, never));
  await assert.rejects(events.take(0, never), /closed/);
  assert.deepEqual(mirror.batches, []);
});

test('the other end is held back while a thousand events are not written', async () => {
  const { events, flow } = line();
  for (let seq = 1; seq <= 1_200; seq += 1) events.push(event(seq));
  assert.deepEqual(flow, ['pause']);
  while (!flow.includes('resume')) await new Promise(setImmediate);
  assert.deepEqual(flow, ['pause', 'resume']);
  assert.equal(numbers(await events.take(0, never)).at(-1), 1_200);
});
