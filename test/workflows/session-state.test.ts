import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import type { SessionStart } from '../../domain/session/session-workflows.ts';
import type { SettledTurn } from '../../workflows/session-activities.ts';
import { book, released } from '../../workflows/state/session-ledger.ts';
import { accept, beginTurn } from '../../workflows/state/session-queue.ts';
import {
  beginConnect,
  broken,
  close,
  connected,
  disconnected,
  disconnecting,
  idled,
  isConnected,
  isQuiet,
  isReleased,
  lost,
  newSession,
  revived,
  statusOf,
  type SessionState,
} from '../../workflows/state/session-state.ts';

const NOW = '2026-01-01T00:00:00.000Z';
const LATER = '2026-01-01T00:00:09.000Z';
const PEER = { agent: 'simulator', simulated: true, at_least_once: false, background_tasks: 0 } as const;

function fresh(): SessionState {
  return newSession(
    {
      session_id: 's-1',
      user_id: 'u-1',
      project_path: '/p',
      title: null,
      options: { idle_after_seconds: 60, idle_timeout_seconds: 300 },
    },
    NOW,
  );
}

function turn(seq: number, messageId: string | null, costNano: number | null = 5): SettledTurn {
  return {
    seq,
    turn_id: `t-${seq}`,
    message_id: messageId,
    outcome: 'done',
    failure: null,
    cost_nano: costNano,
    finished_at: NOW,
    preview: 'ok',
    digest: '',
  };
}

const message = (id: string) => ({ message_id: id, content: `say ${id}` });

test('accept() queues a message once per id', () => {
  const once = accept(fresh(), message('m-1'), LATER, 10);
  const twice = accept(once, message('m-1'), LATER, 10);
  assert.equal(twice, once);
  assert.deepEqual(
    once.queue.map((queued) => queued.message_id),
    ['m-1'],
  );
  assert.equal(once.message_count, 1);
});

test('accept() refuses with the reason when the queue is full, counts the message and remembers its id', () => {
  const full = accept(accept(fresh(), message('m-1'), NOW, 1), message('m-2'), LATER, 1);
  const failure = { code: 'QUEUE_FULL', message: 'Message queue is full for session: s-1' };
  assert.deepEqual(full.refused, [{ ...message('m-2'), accepted_at: LATER, failure }]);
  assert.deepEqual(full.taken, ['m-1', 'm-2']);
  assert.equal(full.message_count, 2);
});

test('accept() refuses once the session is to end', () => {
  const ending = accept(close(fresh(), 'User requested'), message('m-1'), NOW, 10);
  assert.equal(ending.refused[0]?.failure.code, 'SESSION_NOT_ACTIVE');
  assert.deepEqual(ending.queue, []);
});

test('accept() remembers the last 1,000 ids and no more', () => {
  let state = fresh();
  for (let index = 0; index < 1_005; index += 1) state = accept(state, message(`m-${index}`), NOW, 2_000);
  assert.equal(state.taken.length, 1_000);
  assert.equal(state.taken.at(-1), 'm-1004');
});

test('book() adds each event number once', () => {
  const running = beginTurn(accept(fresh(), message('m-1'), NOW, 10));
  const received = { turns: [turn(3, 'm-1')], cursor: 3, background_tasks: 0 };
  const booked = book(running, received, LATER);
  assert.deepEqual(
    { cost: booked.cost_nano, current: booked.current, cursor: booked.cursor, at: booked.last_activity },
    { cost: 5, current: null, cursor: 3, at: LATER },
  );
  assert.equal(book(booked, received, LATER).cost_nano, 5);
});

test('book() counts a turn without a price and keeps the running message through a turn of the agent itself', () => {
  const running = beginTurn(accept(fresh(), message('m-1'), NOW, 10));
  const booked = book(running, { turns: [turn(2, null, null)], cursor: 2, background_tasks: 1 }, LATER);
  assert.equal(booked.current?.message_id, 'm-1');
  assert.equal(booked.unpriced_turns, 1);
  assert.equal(booked.background_tasks, 1);
});

test('isQuiet() is false while a message waits or runs and while background tasks run', () => {
  assert.equal(isQuiet(fresh()), true);
  assert.equal(isQuiet(accept(fresh(), message('m-1'), NOW, 10)), false);
  assert.equal(isQuiet(beginTurn(accept(fresh(), message('m-1'), NOW, 10))), false);
  assert.equal(isQuiet(book(fresh(), { turns: [], cursor: 0, background_tasks: 1 }, NOW)), false);
});

test('close() keeps the first reason', () => {
  assert.equal(close(close(fresh(), 'Idle timeout'), 'User requested').closing, 'Idle timeout');
});

test('every change of what the mirror shows has a higher version', () => {
  const steps = [
    (state: SessionState) => connected(beginConnect(state), PEER),
    idled,
    (state: SessionState) => broken(state, { code: 'AGENT_UNREACHABLE', message: 'away' }, NOW),
    (state: SessionState) => revived(state, NOW),
    (state: SessionState) => disconnected(state, NOW),
  ];
  let state = fresh();
  for (const step of steps) {
    const next = step(state);
    assert.ok(next.version > state.version);
    state = next;
  }
});

test('any order of messages, repeats, results and idling keeps queue, ledger and ids lawful', () => {
  const step = fc.oneof(
    fc.record({ type: fc.constant('message' as const), id: fc.integer({ min: 0, max: 12 }) }),
    fc.record({ type: fc.constant('begin' as const) }),
    fc.record({ type: fc.constant('result' as const), seq: fc.integer({ min: 1, max: 40 }), cost: fc.nat(1_000) }),
    fc.record({ type: fc.constant('idle' as const) }),
    fc.record({ type: fc.constant('connect' as const) }),
    fc.record({ type: fc.constant('close' as const) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      let state = fresh();
      const booked = new Map<number, number>();
      const finished = new Set<string>();
      for (const next of steps) {
        if (next.type === 'message') state = accept(state, message(`m-${next.id}`), NOW, 5);
        if (next.type === 'begin' && state.current === null && state.queue.length > 0) state = beginTurn(state);
        if (next.type === 'result') {
          if (next.seq > state.cursor) booked.set(next.seq, next.cost);
          if (next.seq > state.cursor && state.current !== null) finished.add(state.current.message_id);
          const settled = turn(next.seq, state.current?.message_id ?? null, next.cost);
          state = book(state, { turns: [settled], cursor: next.seq, background_tasks: 0 }, NOW);
        }
        if (next.type === 'idle' && isQuiet(state) && statusOf(state) === 'active') state = idled(state);
        if (next.type === 'connect') state = connected(beginConnect(state), PEER);
        if (next.type === 'close') state = close(state, 'User requested');
      }
      const alive = [...state.queue, ...(state.current ? [state.current] : [])].map((queued) => queued.message_id);
      assert.equal(new Set(state.taken).size, state.taken.length, 'an id is taken once');
      const accounted = alive.length + finished.size + state.refused.length;
      assert.equal(accounted, state.message_count, 'each message waits, runs, is done or is refused');
      assert.ok(state.queue.length <= 5, 'the queue keeps its depth');
      assert.equal(
        state.cost_nano,
        [...booked.values()].reduce((sum, cost) => sum + cost, 0),
        'the ledger adds up',
      );
    }),
    { numRuns: 300 },
  );
});

test('book() takes what was settled before it was begun out of the queue', () => {
  const waiting = accept(accept(fresh(), message('m-1'), NOW, 10), message('m-2'), NOW, 10);
  const received = { turns: [turn(1, 'm-2')], cursor: 1, background_tasks: 0 };
  const rest = book(waiting, received, LATER);
  assert.deepEqual(
    rest.queue.map((queued) => queued.message_id),
    ['m-1'],
  );
});

test('isReleased() is false where an idle session was connected just before it was asked to end', () => {
  const idle = idled(connected(beginConnect(fresh()), PEER));
  assert.equal(isReleased(idle), true);
  assert.equal(isReleased(connected(close(beginConnect(idle), 'User requested'), PEER)), false);
});

test('isReleased() is false where the gateway was away when the agent was released', () => {
  const idle = idled(connected(beginConnect(fresh()), PEER));
  assert.equal(isReleased(released(idle, { let_go: true, received: null }, LATER)), false);
});

test('released() makes a session active again whose agent works on', () => {
  const idle = idled(connected(beginConnect(fresh()), PEER));
  const received = { turns: [], cursor: 0, background_tasks: 0 };
  const working = released(idle, { let_go: false, received }, LATER);
  assert.deepEqual([statusOf(working), isConnected(working), working.background_tasks], ['active', true, 1]);
});

test('released() leaves a session that ends as it is', () => {
  const ending = disconnecting(close(connected(beginConnect(fresh()), PEER), 'User requested'));
  assert.deepEqual(released(ending, { let_go: true, received: null }, LATER).phase, ending.phase);
});

test('connected() shows a session that was asked to end meanwhile as it was before', () => {
  const shown = (state: SessionState) => statusOf(connected(beginConnect(close(state, 'User requested')), PEER));
  assert.deepEqual([shown(fresh()), shown(idled(fresh()))], ['connecting', 'idle']);
});

test('lost() changes nothing while no connection is open', () => {
  const opening = beginConnect(fresh());
  assert.equal(lost(opening), opening);
  assert.deepEqual(lost(connected(opening, PEER)).phase, { type: 'unconnected', shown: 'active' });
});

test('newSession() takes an option that is null or not a number as not set', () => {
  const options = { idle_after_seconds: null, idle_timeout_seconds: Number.NaN, model: null, turn_limit_seconds: 5 };
  const start = { session_id: 's-1', user_id: 'u-1', project_path: '/p', title: null };
  const state = newSession(
    { ...start, options: options as unknown as SessionStart['options'] },
    '2026-01-01T00:00:00.000Z',
  );
  assert.deepEqual(state.options, { idle_after_seconds: 60, idle_timeout_seconds: 300, turn_limit_seconds: 5 });
});
