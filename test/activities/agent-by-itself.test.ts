import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { MockActivityEnvironment } from '@temporalio/testing';
import { Connections } from '../../activities/line/connections.ts';
import { makeActivities } from '../../activities/index.ts';
import type { MirrorWrite } from '../../domain/mirror/mirror-write.ts';
import type { Lease, Received, Released, SessionActivities } from '../../workflows/session-activities.ts';
import { TEST_TOKEN } from '../support/gateway/gateway-client.ts';
import { makeMemoryMirror } from '../support/api/memory-mirror.ts';
import { startTestGateway, type TestGateway } from '../support/gateway/test-gateway.ts';

let gate: TestGateway;
before(async () => {
  gate = await startTestGateway();
});
after(async () => {
  await gate.close();
});

interface Talk {
  /** Sends a message and listens until something is settled. */
  say: (content: string) => Promise<Received>;
  /** Listens to what the agent does by itself. */
  listen: () => Promise<Received>;
  release: () => Promise<Released>;
  mirrored: () => MirrorWrite[];
  lease: Lease;
}

/** One session over a real gateway, with a cursor that follows as the workflow's does. */
async function talk(body: (talk: Talk) => Promise<void>): Promise<void> {
  const mirror = makeMemoryMirror();
  const connections = new Connections({ url: gate.gateway.url, token: TEST_TOKEN, mirror, turnLimitSeconds: 0 });
  const activities: SessionActivities = makeActivities({ connections, mirror });
  const lease: Lease = {
    session_id: randomUUID(),
    project_path: gate.project,
    options: {},
    epoch: 1,
    cursor: 0,
  };
  const exchange: SessionActivities['exchange'] = (input) => activities.exchange(input);
  const receiveOnce: SessionActivities['receive'] = (input) => activities.receive(input);
  const release: SessionActivities['release'] = (input) => activities.release(input);
  const run = <I, O>(activity: (input: I) => Promise<O>, input: I): Promise<O> =>
    new MockActivityEnvironment().run(activity, input);
  async function receive(message_id: string | null): Promise<Received> {
    const received = await run(receiveOnce, { lease: { ...lease }, message_id });
    lease.cursor = received.cursor;
    return received;
  }
  try {
    await body({
      mirrored: () => mirror.batches.flat(),
      lease,
      say: async (content) => {
        const received = await run(exchange, { lease: { ...lease }, message_id: randomUUID(), content });
        lease.cursor = received.cursor;
        return received;
      },
      listen: () => receive(null),
      release: () => run(release, { lease, mode: 'idle', reason: 'idle', snapshot: null }),
    });
  } finally {
    connections.closeAll();
  }
}

const answered = ({ turns }: Received): (string | null)[] => turns.map((turn) => turn.message_id);

test('receive() knows of background tasks that an earlier turn began', async () => {
  await talk(async ({ say, listen }) => {
    assert.equal((await say('[background 400ms] one')).background_tasks, 1);
    assert.equal((await say('two')).background_tasks, 1);
    assert.deepEqual(answered(await listen()), [null]);
  });
});

test('receive() does not wait for background tasks that died with the gateway', async () => {
  await talk(async ({ say, listen, lease }) => {
    assert.equal((await say('[background 60s] one')).background_tasks, 1);
    // What the end of a gateway leaves when it had no time for anything.
    const port = gate.gateway.port;
    await gate.restart({ port });
    lease.epoch += 1;
    assert.deepEqual(answered(await listen()), []);
  });
});

test('what an agent does by itself is in the mirror also while nobody receives', async () => {
  await talk(async ({ say, mirrored }) => {
    await say('[background 50ms] one');
    const isOwnResult = (write: MirrorWrite): boolean =>
      write.type === 'agent' && write.event.type === 'result' && write.event.turn.message_id === null;
    while (!mirrored().some(isOwnResult)) await delay(10);
  });
});

test('release() brings a turn of the agent itself that nobody had listened to', async () => {
  await talk(async ({ say, release, mirrored }) => {
    await say('[background 50ms] one');
    await delay(200);
    const { let_go, received } = await release();
    assert.deepEqual([let_go, received?.turns.map((turn) => turn.message_id)], [true, [null]]);
    const results = mirrored().flatMap((write) =>
      write.type === 'agent' && write.event.type === 'result' ? [write] : [],
    );
    assert.equal(results.length, 2);
  });
});

test('release() lets nothing go while the agent works', async () => {
  await talk(async ({ say, release, listen }) => {
    await say('[background 700ms] one');
    const { let_go, received } = await release();
    assert.deepEqual([let_go, received?.background_tasks], [false, 1]);
    assert.deepEqual(answered(await listen()), [null]);
  });
});
