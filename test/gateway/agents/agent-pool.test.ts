import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AgentPool } from '../../../gateway/agents/agent-pool.ts';
import type { PoolMember } from '../../../gateway/agents/agent-pool.ts';

function member(since: number | null): PoolMember & { evicted: number } {
  return {
    evicted: 0,
    idleSince: () => since,
    evict() {
      this.evicted += 1;
    },
  };
}

test('a full pool lets go the agent that was idle longest', () => {
  const pool = new AgentPool({ maxAgents: 2, maxParallelStarts: 1 });
  const [older, newer, next] = [member(10), member(20), member(null)];
  assert.ok(pool.reserve(newer) && pool.reserve(older) && pool.reserve(next));
  assert.deepEqual([older.evicted, newer.evicted, pool.size], [1, 0, 2]);
});

test('a pool of agents that all work has no room, until one is done', () => {
  const pool = new AgentPool({ maxAgents: 1, maxParallelStarts: 1 });
  const [busy, next] = [member(null), member(null)];
  assert.ok(pool.reserve(busy));
  assert.deepEqual([pool.hasRoom(next), pool.reserve(next), pool.reserve(busy)], [false, false, true]);
  pool.free(busy);
  assert.ok(pool.reserve(next));
});

test('no more agents start at once than the limit, and a start that fails makes room', async () => {
  const pool = new AgentPool({ maxAgents: 9, maxParallelStarts: 2 });
  let [now, most] = [0, 0];
  const starts = Array.from({ length: 6 }, (_, index) =>
    pool.starting(new AbortController().signal, async () => {
      now += 1;
      most = Math.max(most, now);
      await new Promise((resolve) => setTimeout(resolve, 5));
      now -= 1;
      if (index % 2 === 0) throw new Error('no');
    }),
  );
  await Promise.allSettled(starts);
  assert.deepEqual([now, most], [0, 2]);
});

test('a start that is given up while it waits ends at once, and does not block the others', async () => {
  const pool = new AgentPool({ maxAgents: 9, maxParallelStarts: 1 });
  let release: () => void = () => undefined;
  const first = pool.starting(new AbortController().signal, () => new Promise<void>((resolve) => (release = resolve)));
  const given = new AbortController();
  const second = pool.starting(given.signal, async () => 'never');
  const third = pool.starting(new AbortController().signal, async () => 'third');
  given.abort();
  await assert.rejects(second, /given up/);
  release();
  await first;
  assert.equal(await third, 'third');
});
