import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import test from 'node:test';
import { WebSocketServer, type WebSocket } from 'ws';
import { Connections } from '../../activities/line/connections.ts';
import { until } from '../support/until.ts';
import { makeMemoryMirror } from '../support/api/memory-mirror.ts';
import type { Lease } from '../../workflows/session-activities.ts';

const never = new AbortController().signal;
const LEASE: Lease = { session_id: 's-1', project_path: '/p', options: {}, epoch: 1, cursor: 0 };
const MESSAGE = {
  message_id: '6f7cf0ce-9a8f-4f0b-9d0d-5f0f6a1b2c3d',
  content: 'Check git status',
  context: { source: 'sms' },
};

interface Peer {
  connections: Connections;
  frames: Record<string, unknown>[];
  /** What the peer answers to a message. */
  answer: (socket: WebSocket, message: Record<string, unknown>) => void;
}

/** Runs a body against a server that speaks only the guide's bare frames. */
async function withPlainPeer(handleProtocols: boolean, body: (peer: Peer) => Promise<void>): Promise<void> {
  const server = new WebSocketServer({
    port: 0,
    host: '127.0.0.1',
    // Without a handler ws echoes the first protocol that is offered; false refuses to name one.
    ...(handleProtocols ? {} : { handleProtocols: () => false as const }),
  });
  await once(server, 'listening');
  const peer: Peer = {
    frames: [],
    connections: new Connections({
      url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`,
      token: 'secret',
      mirror: makeMemoryMirror(),
      turnLimitSeconds: 0,
    }),
    answer: (socket, message) =>
      socket.send(
        JSON.stringify({
          id: 'r-1',
          message_id: message.id,
          content: 'On branch main',
          timestamp: '2026-01-01T00:00:00Z',
          cost_usd: 0.025,
          status: 'success',
        }),
      ),
  };
  server.on('connection', (socket) => {
    socket.on('message', (data: Buffer) => {
      const message = JSON.parse(data.toString()) as Record<string, unknown>;
      peer.frames.push(message);
      peer.answer(socket, message);
    });
  });
  try {
    await body(peer);
  } finally {
    peer.connections.closeAll();
    for (const socket of server.clients) socket.terminate();
    server.close();
  }
}

for (const echoes of [true, false]) {
  test(`a peer that ${echoes ? 'echoes' : 'ignores'} the sub-protocol's name gets the guide's bare frames`, async () => {
    await withPlainPeer(echoes, async ({ connections, frames }) => {
      const line = await connections.attach(LEASE, { start: true });
      assert.deepEqual(line.peer, { agent: 'peer', simulated: false, at_least_once: true, background_tasks: 0 });
      await line.send(MESSAGE);
      const events = [];
      while (events.length < 2) events.push(...(await line.take(events.length, never)));
      assert.deepEqual(
        events.map(({ seq, event }) => [seq, event.type]),
        [
          [1, 'accepted'],
          [2, 'result'],
        ],
      );
      const result = events[1]?.event;
      assert.ok(result?.type === 'result');
      assert.deepEqual(
        { message_id: result.turn.message_id, content: result.turn.content, cost: result.turn.cost_nano },
        { message_id: MESSAGE.message_id, content: 'On branch main', cost: 25_000_000 },
      );
      const { id, session_id, content, context } = frames[0] ?? {};
      assert.deepEqual(
        { id, session_id, content, context },
        { id: MESSAGE.message_id, session_id: 's-1', content: 'Check git status', context: { source: 'sms' } },
      );
    });
  });
}

test('an answer whose price the peer does not tell has no price, and an error is a failed turn', async () => {
  await withPlainPeer(true, async (peer) => {
    peer.answer = (socket, message) =>
      socket.send(JSON.stringify({ message_id: message.id, content: 'no such branch', status: 'error' }));
    const line = await peer.connections.attach(LEASE, { start: true });
    await line.send(MESSAGE);
    const events = [];
    while (events.length < 2) events.push(...(await line.take(events.length, never)));
    const result = events[1]?.event;
    assert.ok(result?.type === 'result');
    assert.deepEqual(
      [result.turn.outcome, result.turn.cost_nano, result.turn.failure?.message],
      ['failed', null, 'no such branch'],
    );
  });
});

test('junk from a peer is passed over', async () => {
  await withPlainPeer(true, async (peer) => {
    const good = peer.answer;
    peer.answer = (socket, message) => {
      socket.send('not json');
      socket.send(JSON.stringify({ message_id: 'somebody else', content: 'x' }));
      socket.send(JSON.stringify([1, 2]));
      good(socket, message);
    };
    const line = await peer.connections.attach(LEASE, { start: true });
    await line.send(MESSAGE);
    const events = [];
    while (events.length < 2) events.push(...(await line.take(events.length, never)));
    assert.equal(events[1]?.event.type, 'result');
  });
});

test('a line that breaks in mid-turn fails as NOT_SENT, so that the message is sent again on a new one', async () => {
  await withPlainPeer(true, async (peer) => {
    peer.answer = (socket) => socket.terminate();
    const line = await peer.connections.attach(LEASE, { start: true });
    await line.send(MESSAGE);
    await line.take(0, never);
    await assert.rejects(line.take(1, never), { type: 'NOT_SENT' });
    const next = await peer.connections.attach({ ...LEASE, epoch: 2, cursor: 1 }, { start: true });
    assert.notEqual(next, line);
  });
});

test('a server that is not there fails as AGENT_UNREACHABLE in the guide’s words', async () => {
  const connections = new Connections({
    url: 'ws://127.0.0.1:1',
    token: 't',
    mirror: makeMemoryMirror(),
    turnLimitSeconds: 0,
  });
  await assert.rejects(connections.attach(LEASE, { start: true }), {
    type: 'AGENT_UNREACHABLE',
    message: 'Failed to connect to Claude Code WebSocket',
  });
});

test('a lease with a lower epoch than the line of this process is refused', async () => {
  await withPlainPeer(true, async ({ connections }) => {
    await connections.attach({ ...LEASE, epoch: 3 }, { start: true });
    await assert.rejects(connections.attach({ ...LEASE, epoch: 2 }, { start: true }), { type: 'LEASE_LOST' });
  });
});

test('a cost that is none is told as not known, and a second answer is the same one', async () => {
  await withPlainPeer(true, async (peer) => {
    peer.answer = (socket, message) => {
      for (const cost_usd of [1e10, -1])
        socket.send(JSON.stringify({ message_id: message.id, content: 'hi', cost_usd }));
    };
    const turns: { turn_id: string; cost_nano: number | null }[] = [];
    for (const epoch of [1, 2]) {
      const line = await peer.connections.attach({ ...LEASE, epoch }, { start: true });
      await line.send(MESSAGE);
      const events = [...(await line.take(0, never))];
      while (!events.some(({ event }) => event.type === 'result')) {
        events.push(...(await line.take(events.at(-1)?.seq ?? 0, never)));
      }
      for (const { event } of events) if (event.type === 'result') turns.push(event.turn);
    }
    assert.deepEqual(
      turns.map(({ turn_id, cost_nano }) => [turn_id, cost_nano]),
      Array(2).fill([`${MESSAGE.message_id}:answer`, null]),
    );
  });
});

test('a message that a peer does not answer within the turn limit ends as unknown, and the next one is sent', async () => {
  await withPlainPeer(true, async (peer) => {
    const good = peer.answer;
    peer.answer = (socket, message) => (message.id === MESSAGE.message_id ? undefined : good(socket, message));
    const line = await peer.connections.attach({ ...LEASE, options: { turn_limit_seconds: 1 } }, { start: true });
    await line.send(MESSAGE);
    const events = [...(await line.take(0, never)), ...(await line.take(1, never))];
    const result = events.find(({ event }) => event.type === 'result')?.event;
    assert.ok(result?.type === 'result');
    assert.deepEqual(
      [result.turn.outcome, result.turn.failure, result.turn.cost_nano],
      ['unknown', { code: 'TURN_UNKNOWN', message: 'the peer did not answer within 1 s' }, null],
    );
    await line.send({ ...MESSAGE, message_id: '7f7cf0ce-9a8f-4f0b-9d0d-5f0f6a1b2c3d' });
    const next = [...(await line.take(2, never)), ...(await line.take(3, never))];
    assert.ok(next.some(({ event }) => event.type === 'result' && event.turn.outcome === 'done'));
  });
});

test('a line that its other end closed, as when another worker takes the session over, is freed', async () => {
  await withPlainPeer(true, async (peer) => {
    peer.answer = (socket) => socket.close(4409, 'lease lost');
    const line = await peer.connections.attach(LEASE, { start: true });
    assert.equal(peer.connections.size, 1);
    await line.send(MESSAGE);
    await until('the line is closed', () => line.isClosed);
    assert.equal(peer.connections.size, 0);
  });
});
