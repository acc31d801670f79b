import assert from 'node:assert/strict';
import { createServer, request, type IncomingMessage, type Server } from 'node:http';
import { connect } from 'node:net';
import test, { after, before } from 'node:test';
import { text } from 'node:stream/consumers';
import { UiGuard } from '../../host/run/ui-guard.ts';
import { freePorts } from '../support/machine/free-ports.ts';
import { makeSystem } from '../support/system.ts';

let guard: UiGuard;
let port = 0;
let ui: Server;
/** The requests that reached the Web UI. */
let reached: IncomingMessage[] = [];

before(async () => {
  [port = 0] = await freePorts(1);
  guard = await UiGuard.listen(port);
  ui = createServer((req, res) => {
    reached.push(req);
    req.pipe(res.writeHead(200, { 'content-type': 'text/plain' }));
  });
  await new Promise<void>((resolve) => ui.listen(guard.target.port, guard.target.host, resolve));
});
after(async () => {
  await guard.close();
  await new Promise((resolve) => ui.close(resolve));
});

async function call(headers: Record<string, string>, method = 'GET', path = '/api/v1/namespaces'): Promise<number> {
  reached = [];
  return await new Promise((resolve, reject) => {
    const req = request({ host: '127.0.0.1', port, path, method, headers }, (res) => {
      void text(res).then(() => resolve(res.statusCode ?? 0), reject);
    });
    req.on('error', reject).end(method === 'POST' ? '{}' : undefined);
  });
}

const own = (): Record<string, string> => ({ host: `127.0.0.1:${port}` });

test("the Web UI's own pages and programs of this machine are served", async () => {
  assert.equal(await call(own()), 200);
  assert.equal(await call({ host: `localhost:${port}`, origin: `http://localhost:${port}` }, 'POST'), 200);
  assert.equal(await call({ ...own(), 'sec-fetch-site': 'same-origin' }), 200);
});

test('a name that was resolved to loopback, a foreign page and a proxy reach nothing', async () => {
  const foreign: Record<string, string>[] = [
    { host: `rebound.example:${port}` },
    { ...own(), origin: 'https://evil.example' },
    { ...own(), origin: 'http://127.0.0.1:3000' },
    { ...own(), origin: 'null' },
    { ...own(), 'sec-fetch-site': 'cross-site' },
    { ...own(), 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'no-cors' },
    { ...own(), 'x-forwarded-for': '192.0.2.1' },
  ];
  for (const headers of foreign) {
    for (const method of ['GET', 'POST']) {
      assert.equal(await call(headers, method), 403, JSON.stringify(headers));
      assert.deepEqual(reached, []);
    }
  }
});

test('a link to a page of the UI may be followed, one to its API may not, and no frame holds it', async () => {
  const link = { ...own(), 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };
  assert.equal(await call(link, 'GET', '/namespaces/default/workflows'), 200);
  assert.equal(await call(link, 'GET', '/api/v1/namespaces'), 403);
  assert.equal(await call({ ...link, 'sec-fetch-dest': 'iframe' }, 'GET', '/namespaces/default/workflows'), 403);
});

test('a WebSocket upgrade is not passed on', async () => {
  reached = [];
  const socket = connect(port, '127.0.0.1');
  socket.write(
    `GET / HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n` +
      'Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n',
  );
  const [answer] = (await new Promise<string>((resolve) => socket.once('data', (data) => resolve(String(data))))).split(
    '\r\n',
  );
  socket.destroy();
  assert.match(answer ?? '', /^HTTP\/1\.1 200/);
  assert.equal(reached[0]?.headers.upgrade, undefined);
});

test('a Web UI that is away is a 502, and the guard goes on', async () => {
  await new Promise((resolve) => {
    ui.close(resolve);
    ui.closeAllConnections();
  });
  assert.equal(await call(own()), 502);
  await new Promise<void>((resolve) => ui.listen(guard.target.port, guard.target.host, resolve));
  assert.equal(await call(own()), 200);
});

test('the product serves its Web UI behind the guard', async () => {
  const system = await makeSystem({ env: { XSWARM_GATEWAY_AGENT: 'simulator' } });
  try {
    await system.start();
    const address = `http://127.0.0.1:${system.env.XSWARM_TEMPORAL_UI_PORT}`;
    const page = await fetch(`${address}/namespaces/default/workflows`);
    assert.match(await page.text(), /<!doctype html>/i);
    assert.equal((await fetch(`${address}/api/v1/namespaces/default/workflows`)).status, 200);
    const foreign = await fetch(`${address}/api/v1/namespaces`, { headers: { origin: 'http://127.0.0.1:3000' } });
    assert.equal(foreign.status, 403);
  } finally {
    await system.remove();
  }
});
