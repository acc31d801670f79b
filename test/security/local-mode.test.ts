import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { WebSocket } from 'ws';
import { callRest } from '../support/api/call-rest.ts';
import { openDoors } from '../support/api/open-doors.ts';
import type { OpenDoors } from '../support/api/open-doors.ts';

let doors: OpenDoors;
before(async () => void (doors = await openDoors()));
after(async () => await doors.api.close());

const portOf = (url: string): string => new URL(url).port;

/** The status of a call by REST. */
async function rest(method: string, headers: Record<string, string>, path = '/sessions'): Promise<number> {
  const body = method === 'POST' ? { user_id: 'alice', project_path: '/p' } : undefined;
  return (await callRest(method, `${doors.base}${path}`, body, headers)).status;
}

/** The status of an upgrade of the supervisor socket: 101 where it was accepted. */
async function upgrade(headers: Record<string, string>): Promise<number> {
  const socket = new WebSocket(doors.api.supervisorUrl, { headers });
  socket.on('error', () => undefined);
  const status = await new Promise<number>((resolve) => {
    socket.once('open', () => resolve(101));
    socket.once('unexpected-response', (_req, res) => resolve(res.statusCode ?? 0));
  });
  socket.terminate();
  return status;
}

const foreign: [what: string, headers: Record<string, string>][] = [
  ['a page of a program on another port of localhost', { origin: 'http://localhost:3000' }],
  ['a page of a program on port 80 of this machine', { origin: 'http://127.0.0.1' }],
  ['a page without an origin of its own', { origin: 'null' }],
  ['an image or a form of another site', { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' }],
  ['an image of a program on another port', { 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'no-cors' }],
  [
    'a frame of another site',
    { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe' },
  ],
  ['a proxy (Forwarded)', { forwarded: 'for=192.0.2.1' }],
  ['a proxy (X-Forwarded-For)', { 'x-forwarded-for': '192.0.2.1' }],
  ['a proxy (X-Forwarded-Proto)', { 'x-forwarded-proto': 'https' }],
];

describe('in local mode', () => {
  for (const [what, headers] of foreign) {
    test(`${what} cannot read, create or end sessions, nor open the supervisor socket`, async () => {
      const statuses = [
        await rest('GET', headers),
        await rest('POST', headers),
        await rest('DELETE', headers, '/sessions/any'),
        await upgrade(headers),
      ];
      assert.deepEqual(statuses, [403, 403, 403, 403]);
    });
  }

  for (const name of ['localhost', '127.0.0.1', '[::1]', 'xswarm.localhost']) {
    test(`a page of the server itself under the name ${name} is at home`, async () => {
      const host = `${name}:${portOf(doors.api.restUrl)}`;
      const own = { host, origin: `http://${host}`, 'sec-fetch-site': 'same-origin' };
      assert.deepEqual([await rest('GET', own), await rest('POST', own)], [200, 201]);
    });
  }

  test('a program that sends the address it called as Origin is at home at the supervisor socket', async () => {
    const { host } = new URL(doors.api.supervisorUrl);
    assert.equal(await upgrade({ origin: `http://${host}` }), 101);
  });

  test('an address that a person types is at home', async () => {
    assert.equal(await rest('GET', { 'sec-fetch-site': 'none', 'sec-fetch-mode': 'navigate' }), 200);
  });
});
