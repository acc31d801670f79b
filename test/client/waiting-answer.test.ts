import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { ClaudeCodeConnector } from '../../client/connector.ts';

/** A server that answers every message at once with 202 and these statuses in turn; the last one stays. */
async function answeringAtOnce(t: TestContext, statuses: string[]): Promise<{ url: string; calls: () => number }> {
  let calls = 0;
  const server = createServer((_request, response) => {
    const status = statuses[Math.min(calls, statuses.length - 1)];
    calls += 1;
    response.writeHead(202, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ message_id: 'm-1', status, response_id: 'r-1', simulated: false }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, calls: () => calls };
}

test('ask() of a turn that waits for a person asks again with growing pauses', async (t) => {
  const waiting = Array<string>(4).fill('waiting');
  const { url, calls } = await answeringAtOnce(t, [...waiting, 'done']);
  const began = performance.now();
  assert.equal((await new ClaudeCodeConnector({ url }).ask('s-1', 'go')).status, 'done');
  assert.equal(calls(), 5);
  // 50, 100, 200 and 400 ms.
  assert.ok(performance.now() - began >= 750);
});

test('ask() of a message that was cancelled ends with that', async (t) => {
  const { url, calls } = await answeringAtOnce(t, ['cancelled']);
  assert.equal((await new ClaudeCodeConnector({ url }).ask('s-1', 'go')).status, 'cancelled');
  assert.equal(calls(), 1);
});
