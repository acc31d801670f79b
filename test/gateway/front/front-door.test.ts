import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import { WebSocket } from 'ws';
import { AGENT_PROTOCOL } from '../../../protocol/agent-protocol.ts';
import { GatewayControlClient } from '../../../protocol/gateway-control.ts';
import { startGateway } from '../../../gateway/front/server.ts';
import { connectGateway, TEST_TOKEN } from '../../support/gateway/gateway-client.ts';
import { startTestGateway } from '../../support/gateway/test-gateway.ts';
import type { TestGateway } from '../../support/gateway/test-gateway.ts';

describe("the gateway's door", () => {
  let gate: TestGateway;
  let http: string;
  before(async () => {
    gate = await startTestGateway();
    http = gate.gateway.url.replace('ws', 'http');
  });
  after(() => gate.close());

  const bearer = { authorization: `Bearer ${TEST_TOKEN}` };

  /** What a plain `curl -H "Connection: Upgrade" -H "Upgrade: websocket"` gets. */
  async function plainUpgrade(headers: string[]): Promise<string> {
    const socket = connect(gate.gateway.port, '127.0.0.1');
    const lines = [
      'GET / HTTP/1.1',
      'Host: localhost',
      'Connection: Upgrade',
      'Upgrade: websocket',
      ...headers,
      '',
      '',
    ];
    socket.write(lines.join('\r\n'));
    const chunks: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    await once(socket, 'close');
    return Buffer.concat(chunks).toString();
  }

  test('an upgrade without a key is told that the gateway is here and what it speaks', async () => {
    const answer = await plainUpgrade([]);
    assert.match(answer, /^HTTP\/1\.1 426 /);
    assert.match(answer, /xswarm gateway.*xswarm\.agent\.v1.*Sec-WebSocket-Key/s);
  });

  test('a wrong token, none, or part of the right one is refused', async () => {
    for (const token of ['wrong', '', TEST_TOKEN.slice(0, -1), `${TEST_TOKEN}x`]) {
      await assert.rejects(connectGateway(gate.gateway.url, { token }), /401/);
    }
  });

  test('a client that does not offer the sub-protocol is refused with words', async () => {
    await assert.rejects(connectGateway(gate.gateway.url, { protocols: ['other.v1'] }), /400/);
    assert.match(
      await plainUpgrade([
        'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
        'Sec-WebSocket-Version: 13',
        `Authorization: Bearer ${TEST_TOKEN}`,
      ]),
      /^HTTP\/1\.1 400 .*does not offer the sub-protocol/s,
    );
  });

  test('a page of another origin is refused, also of another port of this machine', async () => {
    for (const origin of ['https://evil.example', 'null', 'http://127.0.0.1.evil.example', 'http://localhost:3000']) {
      await assert.rejects(connectGateway(gate.gateway.url, { headers: { origin } }), /403/);
    }
    const client = await connectGateway(gate.gateway.url, {
      headers: { origin: gate.gateway.url.replace('ws:', 'http:') },
    });
    await client.close();
  });

  test('the upgrade says in a header that the sub-protocol is spoken, not only accepted', async () => {
    const client = await connectGateway(gate.gateway.url);
    assert.equal(client.socket.protocol, 'xswarm.agent.v1');
    await client.close();
  });

  test('an address that is not well formed is refused, not logged as a fault', async () => {
    const socket = connect(gate.gateway.port, '127.0.0.1');
    socket.write('GET // HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
    const chunks: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    await once(socket, 'close');
    assert.match(Buffer.concat(chunks).toString(), /^HTTP\/1\.1 400 .*INVALID_REQUEST/s);
  });

  test('liveness is for everybody, the rest of health for those who have the token', async () => {
    const bare = await (await fetch(`${http}/health`)).json();
    assert.deepEqual(bare, { status: 'ok', protocol: 'xswarm.agent.v1' });
    const full = (await (await fetch(`${http}/health`, { headers: bearer })).json()) as Record<string, unknown>;
    assert.deepEqual(full, {
      agent: 'simulator',
      simulated: true,
      exactly_once: true,
      running_agents: full.running_agents,
      version: '0.0.0',
      protocol: 'xswarm.agent.v1',
    });
  });

  test('the control calls need the token', async () => {
    for (const [method, path] of [
      ['GET', '/status'],
      ['POST', '/sessions/x/interrupt'],
      ['GET', '/nowhere'],
    ]) {
      assert.equal((await fetch(`${http}${path}`, { method })).status, 401);
    }
    assert.equal((await fetch(`${http}/nowhere`, { headers: bearer })).status, 404);
  });

  test('GatewayControlClient.agents() returns the agents that run', async () => {
    const session_id = randomUUID();
    const client = await gate.connect();
    await client.open({ session_id, project_path: gate.project, start: true });
    const agents = await new GatewayControlClient({ url: gate.gateway.url, token: TEST_TOKEN }).agents();
    const own = agents.find((agent) => agent.session_id === session_id);
    assert.deepEqual([own?.state, own?.pid], ['ready', null]);
    assert.deepEqual(await new GatewayControlClient({ url: gate.gateway.url, token: 'wrong' }).agents(), []);
  });

  test('an interrupt by HTTP stops the running turn, and says false where none runs', async () => {
    const client = await gate.connect();
    const sessionId = randomUUID();
    const url = `${http}/sessions/${sessionId}/interrupt`;
    const interrupt = async (): Promise<unknown> => (await fetch(url, { method: 'POST', headers: bearer })).json();
    assert.deepEqual(await interrupt(), { interrupted: false });
    await client.open({ session_id: sessionId, project_path: gate.project });
    const id = randomUUID();
    await client.send('[hang]', id);
    assert.deepEqual(await interrupt(), { interrupted: true });
    assert.equal((await client.result(id)).failure?.code, 'INTERRUPTED');
  });

  test('an interrupt that names a message stops the turn of that message and no other', async () => {
    const client = await gate.connect();
    const control = new GatewayControlClient({ url: gate.gateway.url, token: TEST_TOKEN });
    const sessionId = randomUUID();
    await client.open({ session_id: sessionId, project_path: gate.project });
    const [first, second] = [randomUUID(), randomUUID()];
    await client.send('[hang]', first);
    await client.send('hello', second);
    assert.equal(await control.interrupt(sessionId, second), false);
    const byFrame = await client.request({ type: 'interrupt', message_id: second });
    assert.deepEqual(byFrame, { type: 'interrupted', request_id: byFrame.request_id, interrupted: false });
    assert.equal(await control.interrupt(sessionId, first), true);
    assert.equal((await client.result(first)).failure?.code, 'INTERRUPTED');
    assert.equal((await client.result(second)).outcome, 'done');
    assert.equal(await control.interrupt(sessionId, first), false);
  });

  test('an interrupt whose body is not valid is refused', async () => {
    const url = `${http}/sessions/x/interrupt`;
    for (const body of ['{', '{"message_id": 1}']) {
      assert.equal((await fetch(url, { method: 'POST', headers: bearer, body })).status, 400);
    }
  });

  test('bad frames are answered one by one and the socket stays', async () => {
    const client = await gate.connect();
    client.raw('not json');
    client.raw(Buffer.from([1, 2, 3]));
    client.raw('{"type":"dance","request_id":7}');
    client.raw('{"type":"send","request_id":8,"message_id":"no-uuid","content":"x"}');
    await client.until((frame) => frame.type === 'error' && frame.request_id === 8);
    assert.deepEqual(
      client.frames.map((frame) => frame.type === 'error' && [frame.code, frame.request_id]),
      [
        ['INVALID_FRAME', undefined],
        ['INVALID_FRAME', undefined],
        ['INVALID_FRAME', 7],
        ['INVALID_FRAME', 8],
      ],
    );
    await client.open({ session_id: randomUUID(), project_path: gate.project });
  });

  test('a frame over the limit closes the socket and nothing else', async () => {
    const client = await gate.connect();
    client.raw('x'.repeat(5 * 1024 * 1024));
    assert.equal((await client.closed).code, 1009);
    assert.equal((await fetch(`${http}/health`)).status, 200);
  });

  test('10,000 random frames never crash it', { timeout: 60_000 }, async () => {
    const ids = fc.constantFrom(...Array.from({ length: 4 }, () => randomUUID()), 'x', '');
    const frame = fc.oneof(
      fc.string(),
      fc.json(),
      fc
        .record(
          {
            type: fc.constantFrom('open', 'send', 'interrupt', 'release', 'opened', 'x'),
            request_id: fc.oneof(fc.integer(), fc.string()),
            session_id: ids,
            epoch: fc.integer({ min: -1, max: 3 }),
            project_path: fc.constantFrom(gate.project, '/missing', '', '../x'),
            options: fc.constantFrom({}, { model: 'm' }, { permission_mode: 'never' }, null),
            after_seq: fc.integer({ min: -1, max: 9 }),
            start: fc.boolean(),
            message_id: ids,
            content: fc.constantFrom('hi', '[crash]', '[fail]', '[tool A b]', '[chars 100]', '[recall]', ''),
            context: fc.dictionary(fc.string(), fc.jsonValue()),
            mode: fc.constantFrom('idle', 'close', 'never'),
          },
          { requiredKeys: ['type'] },
        )
        .map((each) => JSON.stringify(each)),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(frame, { minLength: 50, maxLength: 50 }), async (frames) => {
        const client = await connectGateway(gate.gateway.url);
        for (const each of frames) if (client.socket.readyState === client.socket.OPEN) client.raw(each);
        // Closed in order, so that every frame is read.
        client.socket.close();
        await client.closed;
        assert.equal((await fetch(`${http}/health`)).status, 200);
      }),
      { numRuns: 200 },
    );
    const client = await gate.connect();
    await client.open({ session_id: randomUUID(), project_path: gate.project });
    assert.equal((await client.ask('alive?')).outcome, 'done');
  });

  test('a peer that answers no ping is cut within two rounds, and the log says so', async () => {
    const lines: string[] = [];
    const note = (_: object, text: string): void => void lines.push(text);
    const other = await startTestGateway({
      pingMs: 100,
      logger: { debug: note, info: note, warn: note, error: note },
    });
    const socket = new WebSocket(other.gateway.url, [AGENT_PROTOCOL], { headers: bearer, autoPong: false });
    await once(socket, 'open');
    const began = Date.now();
    const [code] = (await once(socket, 'close')) as [number];
    assert.equal(code, 1006);
    assert.ok(Date.now() - began < 1_000);
    assert.ok(lines.some((line) => line.includes('answered no ping')));
    await other.close();
  });

  test('a reader that does not read is dropped and can resume by number', { timeout: 60_000 }, async () => {
    const sessionId = randomUUID();
    const slow = await gate.connect();
    await slow.open({ session_id: sessionId, project_path: gate.project });
    slow.socket.pause();
    for (let turn = 0; turn < 12; turn += 1) slow.raw(sendFrame(`[chars 1000000] ${turn}`));
    const control = await gate.connect();
    await control.open({ session_id: randomUUID(), project_path: gate.project });
    await control.ask('[think 1s]');
    slow.socket.resume();
    assert.equal((await slow.closed).code, 4413);
    const seen = slow.events.at(-1)?.seq ?? 0;
    const next = await gate.connect();
    await next.open({ session_id: sessionId, project_path: gate.project, after_seq: seen });
    await next.until((each) => each.type === 'event' && each.seq === 36);
    assert.equal(next.events[0]!.seq, seen + 1);
  });

  function sendFrame(content: string): string {
    return JSON.stringify({ type: 'send', request_id: 1, message_id: randomUUID(), content });
  }

  test('a second gateway on the same folder is refused', async () => {
    await assert.rejects(
      startGateway({
        host: '127.0.0.1',
        port: 0,
        token: 't',
        dataDir: gate.dataDir,
        durability: 'normal',
        agent: 'simulator',
        env: {},
        logger: { debug: noop, info: noop, warn: noop, error: noop },
      }),
      /Another gateway uses the data folder/,
    );
  });
});

function noop(): void {
  // nothing is said
}
