import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { Connections } from '../../activities/line/connections.ts';
import { makeActivities } from '../../activities/index.ts';
import type { MirrorWrite } from '../../domain/mirror/mirror-write.ts';
import { errors, XswarmError } from '../../domain/errors.ts';
import type { MessageInput, Received } from '../../workflows/session-activities.ts';
import { TEST_TOKEN } from '../support/gateway/gateway-client.ts';
import { makeMemoryMirror, type MemoryMirror } from '../support/api/memory-mirror.ts';
import { startTestGateway, type TestGateway } from '../support/gateway/test-gateway.ts';

let gate: TestGateway;
before(async () => {
  gate = await startTestGateway();
});
after(() => gate.close());

interface Line {
  mirror: MemoryMirror;
  /** What the activity's log was told of errors. */
  logged: Record<string, unknown>[];
  /** One attempt of the activity, in a worker of its own where `fresh`. */
  attempt: (input: MessageInput, options?: { heartbeatDetails?: unknown; fresh?: boolean }) => Promise<Received>;
}

async function withLine(body: (line: Line) => Promise<void>): Promise<void> {
  const mirror = makeMemoryMirror();
  const logged: Record<string, unknown>[] = [];
  const logger = new DefaultLogger('ERROR', ({ meta }) => void logged.push(meta ?? {}));
  const connect = () => new Connections({ url: gate.gateway.url, token: TEST_TOKEN, mirror, turnLimitSeconds: 0 });
  const opened = [connect()];
  try {
    await body({
      mirror,
      logged,
      async attempt(input, { heartbeatDetails, fresh = false } = {}) {
        if (fresh) opened.push(connect());
        const activities = makeActivities({ connections: opened.at(-1)!, mirror });
        const run = (given: MessageInput): Promise<Received> => activities.exchange(given);
        return await new MockActivityEnvironment({ heartbeatDetails }, { logger }).run(run, input);
      },
    });
  } finally {
    for (const connections of opened) connections.closeAll();
  }
}

function message(content: string | null): MessageInput {
  const lease = { session_id: randomUUID(), project_path: gate.project, options: {}, epoch: 1, cursor: 0 };
  return { lease, message_id: randomUUID(), content };
}

const results = ({ batches }: MemoryMirror): number =>
  batches.flat().filter((write) => write.type === 'agent' && write.event.type === 'result').length;

test('exchange() gives the settled turn, which is in the mirror by then', async () => {
  await withLine(async ({ attempt, mirror }) => {
    const input = message('hello');
    const { turns } = await attempt(input);
    assert.deepEqual(
      turns.map(({ message_id, outcome }) => [message_id, outcome]),
      [[input.message_id, 'done']],
    );
    assert.equal(results(mirror), 1);
  });
});

test('a second attempt, on another worker, gives the same turn and runs nothing again', async () => {
  await withLine(async ({ attempt }) => {
    const input = message('hello');
    const first = await attempt(input);
    const second = await attempt(input, { fresh: true, heartbeatDetails: { cursor: 1 } });
    assert.deepEqual(second.turns, first.turns);
  });
});

test('a body that was stored is read from the mirror, and a lost one fails by name', async () => {
  await withLine(async ({ attempt, mirror }) => {
    const input = message(null);
    mirror.readBody = (message_id) => Promise.resolve({ message_id, content: 'a long text' });
    assert.match((await attempt(input)).turns[0]?.preview ?? '', /a long text/);
    mirror.readBody = () => Promise.reject(new XswarmError('MESSAGE_BODY_LOST', 'lost'));
    await assert.rejects(attempt({ ...input, message_id: randomUUID() }), { type: 'MESSAGE_BODY_LOST' });
  });
});

test('while the mirror cannot be written the attempt fails, and the next one gives the turn', async () => {
  await withLine(async ({ attempt, mirror }) => {
    const input = message('hello');
    mirror.failure = errors.unavailable('The database');
    await assert.rejects(attempt(input), { type: 'UNAVAILABLE' });
    mirror.failure = null;
    assert.equal((await attempt(input)).turns.length, 1);
    assert.equal(results(mirror), 1);
  });
});

test('a turn whose result the mirror refuses for good is given all the same, so that its cost is booked', async () => {
  await withLine(async ({ attempt, mirror, logged }) => {
    mirror.refusal = (write) =>
      write.type === 'agent' && write.event.type === 'result' ? new Error('CHECK constraint failed') : null;
    const { turns } = await attempt(message('hello'));
    assert.deepEqual([turns.length, (turns[0]?.cost_nano ?? 0) > 0, results(mirror)], [1, true, 0]);
    assert.deepEqual(
      logged.map(({ type, reason }) => [type, reason]),
      [
        ['result', 'CHECK constraint failed'],
        ['result', 'CHECK constraint failed'],
      ],
    );
  });
});

test('a result whose answer the mirror refuses is written without it: its message has an outcome, its cost is there', async () => {
  await withLine(async ({ attempt, mirror }) => {
    const isWhole = (write: MirrorWrite): boolean =>
      write.type === 'agent' && write.event.type === 'result' && write.event.turn.content !== '';
    mirror.refusal = (write) => (isWhole(write) ? new Error('string or blob too big') : null);
    const input = message('hello');
    const { turns } = await attempt(input);
    const stored = mirror.batches.flat().flatMap((write) => {
      return write.type === 'agent' && write.event.type === 'result' ? [write.event.turn] : [];
    });
    assert.deepEqual(
      stored.map(({ message_id, outcome, failure, cost_nano }) => [message_id, outcome, failure?.code, cost_nano]),
      [[input.message_id, 'failed', 'INTERNAL', turns[0]?.cost_nano]],
    );
  });
});
