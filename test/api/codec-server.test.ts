import assert from 'node:assert/strict';
import { request } from 'node:http';
import { test, type TestContext } from 'node:test';
import { text } from 'node:stream/consumers';
import { defaultPayloadConverter } from '@temporalio/common';
import { KeyRing } from '../../temporal/payloads/key-ring.ts';
import { EncryptingCodec } from '../../temporal/payloads/payload-codec.ts';
import { workflowIdOf } from '../../workflows/definitions.ts';
import { openRealDoors, type RealDoors } from '../support/api/open-real-doors.ts';

const UI = 'http://xswarm.localhost:8233';
const codec = new EncryptingCodec(new KeyRing(`1700000000.${'0a'.repeat(32)}`));

interface JsonPayload {
  metadata: Record<string, string>;
  data: string;
}

/** A payload as the Web UI sends it. */
async function payloadOf(sessionId: string, value: string): Promise<JsonPayload> {
  const context = { type: 'workflow', namespace: 'default', workflowId: workflowIdOf(sessionId) } as const;
  const [payload] = await codec.encode([defaultPayloadConverter.toPayload(value)], context);
  const base64 = (bytes: Uint8Array | null | undefined): string => Buffer.from(bytes ?? []).toString('base64');
  const metadata = Object.entries(payload?.metadata ?? {}).map(([name, bytes]) => [name, base64(bytes)]);
  return { metadata: Object.fromEntries(metadata) as Record<string, string>, data: base64(payload?.data) };
}

interface Answer {
  status: number;
  headers: Record<string, unknown>;
  /** What could be read; null for a payload that came back as it was. */
  values: unknown[];
}

async function decode(
  doors: RealDoors,
  payloads: JsonPayload[],
  headers: Record<string, string>,
  method = 'POST',
): Promise<Answer> {
  const url = new URL('/temporal/codec/decode', doors.api.restUrl);
  return await new Promise((resolve, reject) => {
    const req = request(url, { method, headers: { 'content-type': 'application/json', ...headers } }, (res) => {
      void text(res).then((body) => {
        const shown = res.statusCode === 200 ? (JSON.parse(body) as { payloads: JsonPayload[] }).payloads : [];
        const values = shown.map(({ metadata, data }, index) =>
          metadata.encoding === payloads[index]?.metadata.encoding
            ? null
            : (JSON.parse(Buffer.from(data, 'base64').toString()) as unknown),
        );
        resolve({ status: res.statusCode ?? 0, headers: res.headers, values });
      }, reject);
    });
    req.on('error', reject).end(method === 'POST' ? JSON.stringify({ payloads }) : undefined);
  });
}

const open = (t: TestContext, auth: 'local' | 'token'): Promise<RealDoors> =>
  openRealDoors(t, { auth, codec: { codec, origins: [UI] } });

test("the codec server decrypts for the Web UI's own origin in local mode, and leaves the rest as it is", async (t) => {
  const doors = await open(t, 'local');
  const plain = { metadata: { encoding: Buffer.from('json/plain').toString('base64') }, data: 'InRleHQi' };
  const broken = { ...(await payloadOf('s-1', 'x')), data: 'AAAA' };
  const payloads = [await payloadOf('s-1', 'one'), plain, broken, await payloadOf('s-2', 'two')];
  const answer = await decode(doors, payloads, { origin: UI, 'sec-fetch-site': 'cross-site' });
  assert.deepEqual([answer.status, answer.values], [200, ['one', null, null, 'two']]);
  assert.equal(answer.headers['access-control-allow-origin'], UI);
  assert.equal(answer.headers['cache-control'], 'no-store');
});

test('the codec server refuses every other origin, a call without one, and a foreign host name', async (t) => {
  const doors = await open(t, 'local');
  const payloads = [await payloadOf('s-1', 'one')];
  const { port } = new URL(doors.api.restUrl);
  const foreign: Record<string, string>[] = [
    {},
    { origin: 'null' },
    { origin: 'https://evil.example' },
    { origin: 'http://xswarm.localhost:3000' },
    { origin: doors.api.restUrl },
    { origin: UI, host: `rebound.example:${port}` },
  ];
  for (const headers of foreign) {
    for (const method of ['POST', 'OPTIONS']) {
      const answer = await decode(doors, payloads, headers, method);
      assert.equal(answer.status, 403, JSON.stringify(headers));
      assert.equal(answer.headers['access-control-allow-origin'], undefined);
    }
  }
  const preflight = await decode(doors, payloads, { origin: UI, 'access-control-request-method': 'POST' }, 'OPTIONS');
  assert.deepEqual([preflight.status, preflight.headers['access-control-allow-credentials']], [204, 'true']);
});

test('in token mode the codec server needs a token or login, and shows the sessions of its user alone', async (t) => {
  const doors = await open(t, 'token');
  const bob = { authorization: `Bearer ${doors.tokens.bob}` };
  const made = await fetch(`${doors.base}/sessions`, {
    method: 'POST',
    headers: { ...bob, 'content-type': 'application/json' },
    body: JSON.stringify({ user_id: 'bob', project_path: doors.project, session_id: 'of-bob' }),
  });
  assert.equal(made.status, 201, await made.text());
  const payloads = [await payloadOf('of-bob', 'of bob'), await payloadOf('of-ann', 'of ann')];
  assert.equal((await decode(doors, payloads, { origin: UI })).status, 401);
  assert.equal((await decode(doors, payloads, { origin: UI, authorization: 'Bearer wrong' })).status, 401);
  assert.deepEqual((await decode(doors, payloads, { origin: UI, ...bob })).values, ['of bob', null]);
  const ann = { authorization: `Bearer ${doors.tokens.ann}` };
  assert.deepEqual((await decode(doors, payloads, { origin: UI, ...ann })).values, ['of bob', 'of ann']);
});
