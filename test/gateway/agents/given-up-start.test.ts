import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test, type TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { GatewayClient } from '../../support/gateway/gateway-client.ts';
import { holdStarts, type HeldStarts } from '../../support/gateway/held-starts.ts';
import { until } from '../../support/until.ts';
import { startTestGateway } from '../../support/gateway/test-gateway.ts';

interface Starting {
  held: HeldStarts;
  /** Asked for the agent, and has no answer yet. */
  asker: GatewayClient;
  /** Opens the same session on another socket. */
  again: (more: { epoch?: number; start?: boolean }) => Promise<GatewayClient>;
}

/** A session whose agent is starting. */
async function startingSession(t: TestContext, options: { deaf?: boolean } = {}): Promise<Starting> {
  const held = holdStarts(options);
  const gate = await startTestGateway({ around: { driver: held.driver } });
  t.after(() => gate.close());
  const wish = { session_id: randomUUID(), project_path: gate.project };
  const asker = await gate.connect();
  asker.open({ ...wish, start: true }).catch(() => undefined);
  await until('a start began', () => held.counts.begun === 1);
  return {
    held,
    asker,
    async again(more) {
      const client = await gate.connect();
      await client.open({ ...wish, ...more });
      return client;
    },
  };
}

test('who says goodbye while its agent starts has the start given up', async (t) => {
  const { held, asker } = await startingSession(t);
  asker.socket.close();
  await until('the start is given up', () => held.counts.givenUp === 1);
});

test('an agent that comes up behind the goodbye is ended', async (t) => {
  const { held, asker } = await startingSession(t, { deaf: true });
  asker.socket.close();
  await until('the start is given up', () => held.counts.givenUp === 1);
  held.letGo();
  await until('the agent is ended', () => held.counts.ended === 1);
});

test('who comes back behind its goodbye has a new start', async (t) => {
  const { held, asker, again } = await startingSession(t);
  asker.socket.close();
  await until('the start is given up', () => held.counts.givenUp === 1);
  held.letGo();
  const back = await again({ epoch: 2, start: true });
  assert.equal((await back.ask('hello')).outcome, 'done');
  assert.equal(held.counts.begun, 2);
});

test('a line that breaks while its agent starts has the same start when it is back', async (t) => {
  const { held, asker, again } = await startingSession(t);
  asker.socket.terminate();
  await delay(50);
  const back = again({ start: true });
  held.letGo();
  await back;
  assert.deepEqual(held.counts, { begun: 1, givenUp: 0, ended: 0 });
});

test('the goodbye of a socket that was replaced gives nothing up', async (t) => {
  const { held, asker, again } = await startingSession(t);
  const back = again({ start: true });
  await asker.closed;
  held.letGo();
  await back;
  assert.deepEqual(held.counts, { begun: 1, givenUp: 0, ended: 0 });
});

for (const deaf of [false, true]) {
  const how = deaf ? 'is up all the same' : 'gives its start up';
  test(`release with close, on another socket, while the agent starts: it ${how} and no agent is left`, async (t) => {
    const { held, again } = await startingSession(t, { deaf });
    const other = await again({});
    const released = other.request({ type: 'release', mode: 'close', reason: 'User requested' });
    await until('the start is given up', () => held.counts.givenUp === 1);
    held.letGo();
    assert.equal((await released).type, 'released');
    assert.equal(held.counts.ended, deaf ? 1 : 0);
  });
}
