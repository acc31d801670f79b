import assert from 'node:assert/strict';
import test from 'node:test';
import type { NumberedEvent } from '../../activities/line/agent-connection.ts';
import { makeMirroredEvents, type MirroredEvents } from '../../activities/mirrored-events.ts';
import { errors, XswarmError } from '../../domain/errors.ts';
import { makeMemoryMirror, type MemoryMirror } from '../support/api/memory-mirror.ts';

const never = new AbortController().signal;

function event(seq: number, bytes = 100): NumberedEvent {
  return { seq, bytes, event: { type: 'background', timestamp: '2026-01-01T00:00:00.000Z', tasks: seq } };
}

interface Line {
  events: MirroredEvents;
  mirror: MemoryMirror;
  flow: string[];
  logged: Record<string, unknown>[];
}

function line(doubtMs?: number): Line {
  const flow: string[] = [];
  const logged: Record<string, unknown>[] = [];
  const mirror = makeMemoryMirror();
  const logger = { error: (_: string, fields: Record<string, unknown>) => void logged.push(fields) };
  const hold = { pause: () => void flow.push('pause'), resume: () => void flow.push('resume') };
  const events = makeMirroredEvents({ sessionId: 's-1', afterSeq: 0, mirror, flow: hold, logger, doubtMs });
  return { flow, logged, mirror, events };
}

/** Refuses every transaction that holds this event. */
const refusing =
  (seq: number, error: Error): MemoryMirror['refusal'] =>
  (write) =>
    write.type === 'agent' && write.seq === seq ? error : null;

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

test('the other end is held back while some MiB are not written', async () => {
  const { events, flow } = line();
  for (let seq = 1; seq <= 5; seq += 1) events.push(event(seq, 1024 * 1024));
  assert.deepEqual(flow, ['pause']);
  assert.equal(numbers(await events.take(0, never)).at(-1), 5);
  assert.deepEqual(flow, ['pause', 'resume']);
});

const REFUSALS = {
  'a constraint of the file': Object.assign(new Error('UNIQUE constraint failed'), {
    code: 'SQLITE_CONSTRAINT_UNIQUE',
  }),
  'an api that cannot parse it': new XswarmError('INVALID_REQUEST', 'Invalid body: [0].event.type'),
  'an api that it is too large for': errors.tooLarge(64),
  'an api whose file refuses it': new XswarmError('INTERNAL', 'Internal error: the log tells more'),
};
for (const [why, error] of Object.entries(REFUSALS)) {
  test(`an event that is refused for good (${why}) is logged and left out, and the session goes on`, async () => {
    const bad = line(-1);
    bad.mirror.refusal = refusing(2, error);
    for (const seq of [1, 2, 3]) bad.events.push(event(seq));
    assert.deepEqual(numbers(await bad.events.take(0, never)), [1, 2, 3]);
    assert.deepEqual(written(bad.mirror), [[1], [3]]);
    assert.deepEqual(bad.logged, [{ session_id: 's-1', seq: 2, type: 'background', reason: error.message }]);
    bad.events.push(event(4));
    assert.deepEqual(numbers(await bad.events.take(3, never)), [4]);
  });
}

test('what an api may refuse because of itself is tried again, and left out only after a time', async () => {
  const { events, mirror, logged } = line();
  mirror.failure = new XswarmError('INTERNAL', 'Internal error: the log tells more');
  events.push(event(1));
  await assert.rejects(events.take(0, never), { code: 'INTERNAL' });
  mirror.failure = null;
  assert.deepEqual(numbers(await events.take(0, never)), [1]);
  assert.deepEqual([written(mirror), logged], [[[1]], []]);
});

test('a mirror that goes away between single writes has all of them tried again', async () => {
  const { events, mirror, logged } = line();
  mirror.refusal = (write) => {
    if (write.type !== 'agent' || write.seq !== 1) return null;
    mirror.failure = errors.unavailable('The database');
    return REFUSALS['a constraint of the file'];
  };
  for (const seq of [1, 2]) events.push(event(seq));
  await assert.rejects(events.take(0, never), { code: 'UNAVAILABLE' });
  assert.deepEqual([written(mirror), logged], [[], []]);
  mirror.failure = null;
  mirror.refusal = () => null;
  assert.deepEqual(numbers(await events.take(0, never)), [1, 2]);
  assert.deepEqual(written(mirror), [[1, 2]]);
});
