import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import { after, test } from 'node:test';
import { whyNotFree } from '../../host/processes/ports.ts';

const servers: Server[] = [];
after(() => servers.forEach((server) => server.close()));

async function take(host: string): Promise<number> {
  const server = createServer();
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  return (server.address() as AddressInfo).port;
}

test('a port that is free gives no reason, and stays free', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  const wanted = { key: 'server.port', host: '127.0.0.1', port, what: 'REST' };
  assert.deepEqual([await whyNotFree(wanted), await whyNotFree(wanted)], [null, null]);
});

for (const host of ['127.0.0.1', '0.0.0.0']) {
  test(`a port that another program has on ${host} is named with the key that changes ours`, async () => {
    const port = await take(host);
    assert.equal(
      await whyNotFree({ key: 'gateway.port', host: '127.0.0.1', port, what: 'the gateway' }),
      `Port ${port} for the gateway is taken by another program: end that program, or set [gateway] port (XSWARM_GATEWAY_PORT) to another port`,
    );
  });
}

test('an address that this machine has not is told', async () => {
  const reason = await whyNotFree({ key: 'server.port', host: '192.0.2.1', port: 8787, what: 'REST' });
  assert.equal(reason, '192.0.2.1 for REST is not an address of this machine: set [server] host to one that is');
});
