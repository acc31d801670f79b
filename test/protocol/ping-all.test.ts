import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { test, type TestContext } from 'node:test';
import type { WebSocket } from 'ws';
import { pingAll } from '../../protocol/ping-all.ts';

const ROUND_MS = 10;

class FakeSocket extends EventEmitter {
  isPaused = false;
  pings = 0;
  ping(): void {
    this.pings += 1;
  }
}

/** A socket under watch, and what lets rounds of pings go by, the last of them late; gives whether it was cut. */
function watched(t: TestContext): { socket: FakeSocket; round: (lateMs?: number) => boolean } {
  t.mock.timers.enable({ apis: ['setInterval'] });
  let time = 0;
  t.mock.method(Date, 'now', () => time);
  const socket = new FakeSocket();
  let cut = false;
  t.after(
    pingAll(
      () => [socket as unknown as WebSocket],
      ROUND_MS,
      () => (cut = true),
    ),
  );
  const round = (lateMs = 0): boolean => {
    time += ROUND_MS + lateMs;
    t.mock.timers.tick(ROUND_MS);
    return cut;
  };
  return { socket, round };
}

test('pingAll() cuts a socket that shows nothing for a whole round', (t) => {
  const { round } = watched(t);
  assert.deepEqual([round(), round()], [false, true]);
});

for (const sign of ['pong', 'message']) {
  test(`pingAll() takes a ${sign} for a sign of life, and leaves no listener behind`, (t) => {
    const { socket, round } = watched(t);
    for (let rounds = 0; rounds < 5; rounds += 1) {
      assert.equal(round(), false);
      socket.emit(sign);
    }
    assert.deepEqual([socket.pings, socket.listenerCount('pong'), socket.listenerCount('message')], [5, 0, 0]);
  });
}

test('pingAll() does not cut a socket that this end holds back, and gives it a whole round afterwards', (t) => {
  const { socket, round } = watched(t);
  round();
  socket.isPaused = true;
  assert.deepEqual([round(), round()], [false, false]);
  socket.isPaused = false;
  assert.deepEqual([round(), round()], [false, true]);
});

test('pingAll() cuts nothing after this process stood still, and gives a whole round afterwards', (t) => {
  const { round } = watched(t);
  round();
  assert.deepEqual([round(10 * ROUND_MS), round()], [false, true]);
});
