import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { decodeCursor, encodeCursor } from '../../api/streams/cursor.ts';
import { mergeStreams } from '../../api/streams/merge-streams.ts';
import { fullBucket, makeRateLimiter, takeCall } from '../../api/access/rate-limit.ts';
import { parsePrefer } from '../../api/rest/messages.ts';
import {
  bearerToken,
  isForeignOrigin,
  isLoopbackHost,
  isLoopbackHostHeader,
  secretsEqual,
} from '../../protocol/http-access.ts';
import type { XswarmError } from '../../domain/errors.ts';
import { commandType } from '../../api/supervisor/frames.ts';
import { makeLanes } from '../../api/supervisor/lanes.ts';
import { turnAnswer } from '../../api/service/wait-for-turn.ts';

describe('parsePrefer()', () => {
  const rows: [string | undefined, number, string | null][] = [
    [undefined, 120_000, null],
    ['', 120_000, null],
    ['respond-async', 0, 'respond-async'],
    ['Respond-Async', 0, 'respond-async'],
    ['wait=10', 10_000, 'wait=10'],
    ['wait = "10"', 10_000, 'wait=10'],
    ['wait=9999', 600_000, 'wait=600'],
    ['respond-async, wait=5', 5_000, 'respond-async, wait=5'],
    ['wait=-1', 120_000, null],
    ['wait=ten, handling=lenient', 120_000, null],
  ];
  for (const [header, waitMs, applied] of rows) {
    test(`reads ${String(header)}`, () => assert.deepEqual(parsePrefer(header, 120_000, 600_000), { waitMs, applied }));
  }
});

describe('turnAnswer()', () => {
  const about = { message_id: 'm-1', session_id: 's-1', status: 'failed', cost_usd: 0, timestamp: '' } as const;
  const rows: [code: string, told: string, message: string][] = [
    ['SESSION_NOT_ACTIVE', 'SESSION_NOT_ACTIVE', 'Session is not active: s-1'],
    ['QUEUE_FULL', 'TURN_FAILED', 'the reason'],
    ['INTERRUPTED', 'TURN_FAILED', 'the reason'],
  ];
  for (const [code, told, message] of rows) {
    test(`tells ${told}, and which message, of one that failed with ${code}`, () => {
      const state = { ...about, error: { code, message: 'the reason' } };
      assert.throws(
        () => turnAnswer(state),
        (error: XswarmError) => {
          assert.deepEqual([error.code, error.message, error.details.message_id], [told, message, 'm-1']);
          return true;
        },
      );
    });
  }
});

describe('isLoopbackHost()', () => {
  for (const host of ['localhost', '127.0.0.1', '127.255.0.3', '::1', '[::1]']) {
    test(`takes ${host}`, () => assert.equal(isLoopbackHost(host), true));
  }
  for (const host of ['0.0.0.0', '::', '127.0.0.1.nip.io', '1270.0.0.1', 'localhost.example', '']) {
    test(`does not take ${host}`, () => assert.equal(isLoopbackHost(host), false));
  }
  for (const header of [undefined, '', 'localhost:', 'localhost:x', 'a b', '[::1', 'user@localhost']) {
    test(`is not found in the header ${String(header)}`, () => assert.equal(isLoopbackHostHeader(header), false));
  }
});

test('isForeignOrigin() lets the page of the very host in, whatever it is called', () => {
  assert.equal(isForeignOrigin('https://xswarm.example', 'xswarm.example'), false);
  assert.equal(isForeignOrigin('https://xswarm.example:8443', 'xswarm.example'), true);
  assert.equal(isForeignOrigin('http://localhost:3000', 'localhost:8787'), true);
  assert.equal(isForeignOrigin('http://[::1]:8787', '[::1]:8787'), false);
});

describe('takeCall()', () => {
  test('gives as many calls at once as a minute has, and then says how long to wait', () => {
    let bucket = fullBucket(60, 0);
    const waits = Array.from({ length: 62 }, () => {
      const taken = takeCall(bucket, 60, 0);
      bucket = taken.bucket;
      return taken.waitSeconds;
    });
    assert.deepEqual(waits, [...Array<number>(60).fill(0), 1, 1]);
  });

  test('never gives more than its rate over any time', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 600 }), fc.array(fc.nat(5_000), { maxLength: 300 }), (perMinute, gaps) => {
        let bucket = fullBucket(perMinute, 0);
        let nowMs = 0;
        let given = 0;
        for (const gap of gaps) {
          nowMs += gap;
          const taken = takeCall(bucket, perMinute, nowMs);
          bucket = taken.bucket;
          given += taken.waitSeconds === 0 ? 1 : 0;
        }
        assert.ok(given <= perMinute + (nowMs * perMinute) / 60_000 + 1e-6);
      }),
    );
  });

  test('lets a caller in that waited as long as it was told', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 600 }), (perMinute) => {
        let nowMs = 0;
        const limiter = makeRateLimiter(perMinute, () => nowMs);
        let wait = 0;
        while (wait === 0) wait = limiter.take('a');
        nowMs += wait * 1000;
        assert.equal(limiter.take('a'), 0);
      }),
    );
  });
});

describe('mergeStreams()', () => {
  async function* count(from: number, to: number): AsyncGenerator<number> {
    for (let n = from; n < to; n += 1) yield n;
  }

  test('gives every item of every source, each source in its order', async () => {
    const seen: number[] = [];
    for await (const n of mergeStreams([count(0, 50), count(100, 130), count(0, 0)])) seen.push(n);
    assert.deepEqual(
      [seen.filter((n) => n < 100), seen.filter((n) => n >= 100)],
      [Array.from({ length: 50 }, (_, n) => n), Array.from({ length: 30 }, (_, n) => n + 100)],
    );
  });

  test('throws what a source throws', async () => {
    async function* broken(): AsyncGenerator<number> {
      yield 1;
      throw new Error('broken source');
    }
    const read = async (): Promise<void> => {
      for await (const _ of mergeStreams([broken(), count(0, 5)]));
    };
    await assert.rejects(read(), { message: 'broken source' });
  });

  test('asks a source for no more than its reader takes', async () => {
    let asked = 0;
    async function* endless(): AsyncGenerator<number> {
      for (;;) yield (asked += 1);
    }
    for await (const n of mergeStreams([endless()])) if (n === 10) break;
    await new Promise((resolve) => setImmediate(resolve));
    assert.ok(asked <= 11);
  });
});

test('encodeCursor() and decodeCursor() are each other’s inverse, and rubbish is a place that is not kept', () => {
  const cursor = { epoch: 'e', summary: 7, watch: { 'a:b': 3, c: 0 } };
  assert.deepEqual(decodeCursor(encodeCursor(cursor)), cursor);
  fc.assert(
    fc.property(fc.string(), (text) => {
      assert.equal(decodeCursor(text).epoch, '');
    }),
  );
});

test('bearerToken() tells no header from a bad one', () => {
  assert.deepEqual(
    [undefined, 'Bearer abc', 'bearer  abc ', 'Bearer', 'Bearer a b', 'Basic abc', ''].map(bearerToken),
    [null, 'abc', 'abc', '', '', '', ''],
  );
  assert.deepEqual([secretsEqual('a', 'a'), secretsEqual('a', 'b'), secretsEqual('', 'a')], [true, false, false]);
});

test('commandType() knows snake_case and CamelCase, and no names of objects', () => {
  const names = [
    'claude_code_connect',
    'ClaudeCodeConnect',
    'GetSessionStatus',
    'Ping',
    'claudeCodeConnect',
    'constructor',
    '',
  ];
  assert.deepEqual(names.map(commandType), [
    'claude_code_connect',
    'claude_code_connect',
    'get_session_status',
    'ping',
    null,
    null,
    null,
  ]);
});

test('makeLanes() keeps the order of a lane also behind a failure, and lanes apart', async () => {
  const lanes = makeLanes();
  const done: string[] = [];
  const work = (name: string) => async (): Promise<void> => void done.push(name);
  let goOn = (): void => undefined;
  const held = new Promise<void>((resolve) => (goOn = resolve));
  const failing = lanes.run('a', async () => {
    await held;
    done.push('a0');
    throw new Error('failed');
  });
  const rest = [lanes.run('a', work('a1')), lanes.run('a', work('a2'))];
  await lanes.run('b', work('b1'));
  goOn();
  await assert.rejects(failing);
  await Promise.all(rest);
  assert.deepEqual(done, ['b1', 'a0', 'a1', 'a2']);
});
