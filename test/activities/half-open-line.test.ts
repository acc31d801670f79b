import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test, type TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { AgentConnection } from '../../activities/line/agent-connection.ts';
import { Connections } from '../../activities/line/connections.ts';
import { startTcpProxy, type TcpProxy } from '../faults/tcp-proxy.ts';
import { TEST_TOKEN } from '../support/gateway/gateway-client.ts';
import { makeMemoryMirror } from '../support/api/memory-mirror.ts';
import { startTestGateway, type TestGateway } from '../support/gateway/test-gateway.ts';

const PING_MS = 100;
const never = new AbortController().signal;

let gate: TestGateway;
before(async () => {
  gate = await startTestGateway();
});
after(() => gate.close());

/** A line to the gateway over a network that can go dead. */
async function openLine(t: TestContext): Promise<{ line: AgentConnection; network: TcpProxy }> {
  const network = await startTcpProxy(gate.gateway.port);
  const url = `ws://127.0.0.1:${network.port}`;
  const connections = new Connections({
    url,
    token: TEST_TOKEN,
    mirror: makeMemoryMirror(),
    turnLimitSeconds: 0,
    pingMs: PING_MS,
  });
  t.after(async () => {
    connections.closeAll();
    await network.close();
  });
  const lease = { session_id: randomUUID(), project_path: gate.project, options: {}, epoch: 1, cursor: 0 };
  return { line: await connections.attach(lease, { start: true }), network };
}

test('who waits on a line that went dead without a word hears of it within two rounds of pings', async (t) => {
  const { line, network } = await openLine(t);
  const taken = line.take(0, never);
  network.freeze();
  const began = Date.now();
  await assert.rejects(taken, { type: 'UNAVAILABLE', retryable: true });
  assert.ok(Date.now() - began < 10 * PING_MS);
  assert.ok(line.isClosed);
});

test('a line whose gateway answers is kept, however long nothing comes', async (t) => {
  const { line } = await openLine(t);
  const enough = new AbortController();
  const taken = line.take(0, enough.signal);
  await delay(6 * PING_MS);
  assert.ok(!line.isClosed);
  enough.abort(new Error('enough'));
  await assert.rejects(taken, /enough/);
});

test('a line that nobody waits on is left alone', async (t) => {
  const { line, network } = await openLine(t);
  network.freeze();
  await delay(6 * PING_MS);
  assert.ok(!line.isClosed);
});
