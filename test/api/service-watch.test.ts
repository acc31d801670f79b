import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import type { LiveFrame } from '../../domain/service-data.ts';
import type { SessionEvent } from '../../domain/session/event.ts';
import { exchange, history, snapshotOf } from '../support/histories.ts';
import { LOCAL, openService, tokenOf } from '../support/api/open-service.ts';

/** Reads the frames until one fits, then stops. */
async function readUntil(frames: AsyncIterable<LiveFrame>, last: (frame: LiveFrame) => boolean): Promise<LiveFrame[]> {
  const read: LiveFrame[] = [];
  for await (const frame of frames) {
    read.push(frame);
    if (last(frame)) break;
  }
  return read;
}

const isType =
  (type: SessionEvent['type']) =>
  (frame: LiveFrame): boolean =>
    frame.kind === 'event' && frame.event.type === type;

test('a session’s stream tells all that happened, in order', async (t) => {
  const { service, deps } = openService(t);
  await deps.mirror.write([{ type: 'session', snapshot: snapshotOf() }, ...exchange('s-1', 1, 1)]);
  await deps.mirror.write([
    { type: 'session', snapshot: snapshotOf({ version: 2, status: 'disconnected', reason: 'Enough' }) },
  ]);
  const events = await service.events(LOCAL, 's-1', { limit: 100 });
  const timestamp = '2024-01-15T10:00:10.000Z';
  const later = '2024-01-15T10:00:15.000Z';
  const message_id = 's-1-m-1';
  const content = 'answer 1';
  assert.deepEqual(
    events.map(({ session_id: _, ...event }) => event),
    [
      { seq: 1, type: 'status', timestamp: '2024-01-15T10:00:00.000Z', status: 'active' },
      { seq: 2, type: 'queued', timestamp, message_id, content: 'question 1' },
      { seq: 3, type: 'sent', timestamp, message_id },
      { seq: 4, type: 'text', timestamp, message_id, text: content },
      {
        seq: 5,
        type: 'result',
        timestamp: later,
        turn_id: 's-1-t-1',
        message_id,
        outcome: 'done',
        content,
        cost_usd: 0.003000001,
        simulated: true,
      },
      { seq: 6, type: 'cost', timestamp: later, cost_usd: 0.003000001, message_count: 1 },
      { seq: 7, type: 'status', timestamp: '2024-01-15T10:00:00.000Z', status: 'disconnected', reason: 'Enough' },
      { seq: 8, type: 'closed', timestamp: '2024-01-15T10:00:00.000Z', status: 'disconnected', reason: 'Enough' },
    ],
  );
});

test('events() pages forward and backward', async (t) => {
  const { service, deps } = openService(t);
  await deps.mirror.write([{ type: 'session', snapshot: snapshotOf() }, ...exchange('s-1', 1, 1)]);
  const numbers = async (page: object): Promise<number[]> =>
    (await service.events(LOCAL, 's-1', { limit: 2, ...page })).map(({ seq }) => seq);
  assert.deepEqual(await numbers({}), [1, 2]);
  assert.deepEqual(await numbers({ after: 2 }), [3, 4]);
  assert.deepEqual(await numbers({ before: 6 }), [4, 5]);
  assert.deepEqual(await numbers({ after: 6 }), []);
});

test('watch() live and events() later tell the same, for any history', async (t) => {
  const { service, deps, db } = openService(t);
  await fc.assert(
    fc.asyncProperty(history, async (writes) => {
      db.$client.exec('DELETE FROM claude_code_sessions');
      await deps.mirror.write([{ type: 'session', snapshot: snapshotOf({ version: 0, status: 'connecting' }) }]);
      const stop = new AbortController();
      const reading = readUntil(service.watch(LOCAL, 's-1', 0, stop.signal), () => false);
      for (const write of writes) await deps.mirror.write([write]);
      await turn();
      stop.abort();
      const live = (await reading).map((frame) => (frame.kind === 'event' ? frame.event : null));
      assert.deepEqual(live, await service.events(LOCAL, 's-1', { limit: 1_000 }));
    }),
    { numRuns: 100 },
  );
});

test('watch() misses and repeats nothing while events keep coming, wherever it begins', async (t) => {
  const { service, deps } = openService(t);
  await deps.mirror.write([{ type: 'session', snapshot: snapshotOf() }]);
  const writer = (async () => {
    for (let number = 1; number <= 400; number += 1) await deps.mirror.write(exchange('s-1', number, number * 3 - 2));
  })();
  const readers = [0, 1, 7, 600].map(async (after) => {
    await turn();
    const frames = await readUntil(
      service.watch(LOCAL, 's-1', after, AbortSignal.timeout(20_000)),
      (frame) => frame.kind === 'event' && frame.event.seq === 2_001,
    );
    const numbers = frames.map((frame) => (frame.kind === 'event' ? frame.event.seq : 0));
    assert.deepEqual(
      numbers,
      Array.from({ length: 2_001 - after }, (_, index) => after + 1 + index),
    );
  });
  await Promise.all([writer, ...readers]);
});

test('watch() passes text on as it is written and never stores it', async (t) => {
  const { service, deps } = openService(t);
  await deps.mirror.write([{ type: 'session', snapshot: snapshotOf() }]);
  const reading = readUntil(
    service.watch(LOCAL, 's-1', 1, AbortSignal.timeout(1_000)),
    (frame) => frame.kind === 'delta',
  );
  await turn();
  deps.mirror.live('s-1', { message_id: 'm-1', text: 'Hel' });
  assert.deepEqual(await reading, [{ kind: 'delta', session_id: 's-1', message_id: 'm-1', text: 'Hel' }]);
  assert.equal((await service.events(LOCAL, 's-1', { limit: 10 })).length, 1);
});

test('watch() drops a reader that is more than 1,000 frames behind, and tells it', async (t) => {
  const { service, deps } = openService(t);
  await deps.mirror.write([{ type: 'session', snapshot: snapshotOf() }]);
  const frames = service.watch(LOCAL, 's-1', 0, AbortSignal.timeout(5_000))[Symbol.asyncIterator]();
  await frames.next();
  for (let number = 0; number < 1_001; number += 1) deps.mirror.live('s-1', { message_id: null, text: '.' });
  await assert.rejects(frames.next(), { code: 'SLOW_READER' });
});

test('watch() leaves no listener behind', async (t) => {
  const { service, deps } = openService(t);
  await deps.mirror.write([{ type: 'session', snapshot: snapshotOf() }]);
  await readUntil(service.watch(LOCAL, 's-1', 0, AbortSignal.timeout(1_000)), isType('status'));
  const stopped = new AbortController();
  const reading = readUntil(service.watch(LOCAL, 's-1', 1, stopped.signal), () => false);
  await turn();
  assert.equal(deps.bus.isHeard('s-1'), true);
  stopped.abort();
  assert.deepEqual(await reading, []);
  assert.equal(deps.bus.isHeard('s-1'), false);
});

test('watchAll() gives summaries without the answers, of the sessions that the caller may see', async (t) => {
  const { service, deps } = openService(t);
  const stop = new AbortController();
  const [bobs, all] = [tokenOf('bob'), LOCAL].map((caller) =>
    readUntil(service.watchAll(caller, stop.signal), () => false),
  );
  await turn();
  await deps.mirror.write([{ type: 'session', snapshot: snapshotOf({ user_id: 'ann' }) }, ...exchange('s-1', 1, 1)]);
  await deps.mirror.write([{ type: 'session', snapshot: snapshotOf({ session_id: 's-2', user_id: 'bob' }) }]);
  await turn();
  stop.abort();
  const brief = (frames: LiveFrame[] = []): unknown[] =>
    frames.map((frame) => frame.kind === 'event' && [frame.event.session_id, frame.event.type]);
  assert.deepEqual(brief(await bobs), [['s-2', 'status']]);
  assert.deepEqual(brief(await all), [
    ['s-1', 'status'],
    ['s-1', 'result'],
    ['s-1', 'cost'],
    ['s-2', 'status'],
  ]);
  const result = (await all)?.find(isType('result'));
  assert.equal(result?.kind === 'event' && result.event.type === 'result' && result.event.content, '');
});
