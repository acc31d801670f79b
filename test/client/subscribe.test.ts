import assert from 'node:assert/strict';
import { after, beforeEach, test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { ClaudeCodeConnector } from '../../client/index.ts';
import type { Subscribed } from '../../client/index.ts';
import { RestStandIn } from '../support/api/rest-stand-in.ts';

let server: RestStandIn;
let connector: ClaudeCodeConnector;
const opened: RestStandIn[] = [];

beforeEach(async () => {
  server = await new RestStandIn().listen();
  opened.push(server);
  connector = new ClaudeCodeConnector({ url: server.url });
});
after(async () => {
  await Promise.all(opened.map((one) => one.close()));
});

const notice = (text: string): { type: 'notice'; timestamp: string; level: 'info'; text: string } => ({
  type: 'notice',
  timestamp: '2026-01-01T00:00:00.000Z',
  level: 'info',
  text,
});

const closed = {
  type: 'closed',
  timestamp: '2026-01-01T00:00:00.000Z',
  status: 'disconnected',
  reason: 'User requested',
} as const;

async function numbers(events: AsyncIterable<Subscribed>): Promise<number[]> {
  const seen = [];
  for await (const event of events) if ('seq' in event) seen.push(event.seq);
  return seen;
}

test('subscribe() gives what was, what comes, and ends when the session is closed', async () => {
  const held = server.addSession('s-1');
  server.emit(held, notice('before'));
  const seen = numbers(connector.subscribe('s-1'));
  await connector.ask('s-1', 'hello');
  await connector.disconnectSession('s-1');
  assert.deepEqual(await seen, [1, 2, 3, 4, 5, 6]);
});

test('subscribe() passes text on as it is written, before its finished block', async () => {
  server.addSession('s-1');
  const types: string[] = [];
  const reading = (async () => {
    for await (const event of connector.subscribe('s-1')) types.push(event.type);
  })();
  while (server.streams.size === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  await connector.ask('s-1', 'hello');
  await connector.disconnectSession('s-1');
  await reading;
  assert.deepEqual(types, ['queued', 'sent', 'text_delta', 'text', 'result', 'closed']);
});

test('subscribe() starts after the number it is given', async () => {
  const held = server.addSession('s-1');
  for (const text of ['a', 'b', 'c']) server.emit(held, notice(text));
  server.emit(held, closed);
  assert.deepEqual(await numbers(connector.subscribe('s-1', { after: 2 })), [3, 4]);
});

test('subscribe() on a session that does not exist throws', async () => {
  await assert.rejects(numbers(connector.subscribe('s-404')), { code: 'SESSION_NOT_FOUND' });
});

test('subscribe() ends without an error when its signal aborts', async () => {
  server.addSession('s-1');
  assert.deepEqual(await numbers(connector.subscribe('s-1', { signal: AbortSignal.timeout(150) })), []);
});

test('a stream that is cut at any moments misses nothing and repeats nothing', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.constantFrom('event', 'cut', 'refuse'), { maxLength: 12 }), async (steps) => {
      const held = server.addSession('s-1');
      const reconnects: string[] = [];
      const seen = numbers(connector.subscribe('s-1', { onReconnect: (reason) => reconnects.push(reason) }));
      for (const step of steps) {
        await new Promise((resolve) => setTimeout(resolve, 2));
        if (step === 'event') server.emit(held, notice('x'));
        if (step === 'cut') server.cutStreams();
        if (step === 'refuse' && server.faults.length < 2) server.faults.push(503);
      }
      server.emit(held, closed);
      assert.deepEqual(
        await seen,
        held.events.map((event) => event.seq),
      );
    }),
    { numRuns: 6 },
  );
});

test('subscribe() ends by its signal also after the garbage was collected', async () => {
  setFlagsFromString('--expose-gc');
  const collectGarbage = runInNewContext('gc') as () => void;
  const held = server.addSession('s-1');
  const stop = new AbortController();
  const seen = numbers(connector.subscribe('s-1', { signal: stop.signal }));
  for (let round = 0; round < 5; round += 1) {
    server.emit(held, notice('x'));
    await new Promise((resolve) => setTimeout(resolve, 20));
    collectGarbage();
  }
  stop.abort();
  assert.deepEqual(await seen, [1, 2, 3, 4, 5]);
});
