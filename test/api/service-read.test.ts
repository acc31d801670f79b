import assert from 'node:assert/strict';
import { rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Caller } from '../../domain/access/caller.ts';
import type { CostGroup } from '../../domain/service-data.ts';
import { at, exchange, snapshotOf, usageOf } from '../support/histories.ts';
import { LOCAL, openService, tokenOf } from '../support/api/open-service.ts';
import type { TestService } from '../support/api/open-service.ts';

const DAY = 86_400;

/** Sessions `a-1`, `a-2` of ann and `b-1` of bob in two projects, with exchanges on three days. */
async function withHistory(opened: TestService): Promise<TestService> {
  const session = (session_id: string, user_id: string, project_path: string): Promise<void> =>
    opened.deps.mirror.write([{ type: 'session', snapshot: snapshotOf({ session_id, user_id, project_path }) }]);
  await session('a-1', 'ann', '/one');
  await session('a-2', 'ann', '/two');
  await session('b-1', 'bob', '/one');
  for (const [id, day] of [
    ['a-1', 0],
    ['a-1', 1],
    ['a-2', 1],
    ['b-1', 2],
  ] as const) {
    const number = (day * DAY) / 10;
    const usage = [usageOf('claude-opus-5', 100_000_000), usageOf('claude-haiku-5', 1)];
    const events = exchange(id, number, day * 3 + 1, { cost_nano: 100_000_001, usage, content: `a word of ${id}` });
    await opened.deps.mirror.write(events);
  }
  return opened;
}

test('list() goes through the sessions newest first, page by page, while new ones appear', async (t) => {
  const { service, deps } = openService(t);
  const create = (number: number): Promise<void> =>
    deps.mirror.write([{ type: 'session', snapshot: snapshotOf({ session_id: `s-${number}`, user_id: 'bob' }) }]);
  for (let number = 1; number <= 7; number += 1) await create(number);
  const first = await service.list(LOCAL, { limit: 3 });
  await create(8);
  const second = await service.list(LOCAL, { limit: 3, cursor: first.next_cursor ?? '' });
  const third = await service.list(LOCAL, { limit: 3, cursor: second.next_cursor ?? '' });
  const ids = [first, second, third].map(({ items }) => items.map(({ id }) => id));
  assert.deepEqual(ids, [['s-7', 's-6', 's-5'], ['s-4', 's-3', 's-2'], ['s-1']]);
  assert.equal(third.next_cursor, null);
});

test('list() filters by user, status and project', async (t) => {
  const { service } = await withHistory(openService(t));
  const ids = async (filter: object, caller: Caller = LOCAL): Promise<string[]> =>
    (await service.list(caller, { limit: 10, ...filter })).items.map(({ id }) => id);
  assert.deepEqual(await ids({}), ['b-1', 'a-2', 'a-1']);
  assert.deepEqual(await ids({ user_id: 'ann' }), ['a-2', 'a-1']);
  assert.deepEqual(await ids({ project_path: '/one' }), ['b-1', 'a-1']);
  assert.deepEqual(await ids({ user_id: 'ann', status: 'active', project_path: '/two' }), ['a-2']);
  assert.deepEqual(await ids({ status: 'idle' }), []);
  assert.deepEqual(await ids({}, tokenOf('bob')), ['b-1']);
  await assert.rejects(ids({ user_id: 'ann' }, tokenOf('bob')), { message: 'User not found: ann' });
  await assert.rejects(ids({ user_id: 'ghost' }), { message: 'User not found: ghost' });
  for (const cursor of ['', 'nonsense', 'bWVzc2FnZXM6MQ', Buffer.from('sessions:1;--').toString('base64url')]) {
    await assert.rejects(ids({ cursor }), { code: 'INVALID_REQUEST' });
  }
});

test('list() finds the sessions of a project by any path to it, and of one that is gone by the path it had', async (t) => {
  const { service, project } = openService(t);
  const { id } = await service.create(LOCAL, { user_id: 'bob', project_path: project });
  const link = join(project, '..', 'link');
  symlinkSync(project, link);
  const ids = async (project_path: string): Promise<string[]> =>
    (await service.list(LOCAL, { limit: 10, project_path })).items.map((session) => session.id);
  assert.deepEqual(await Promise.all([project, `${project}/`, link].map(ids)), [[id], [id], [id]]);
  rmSync(project, { recursive: true });
  assert.deepEqual(await ids(project), [id]);
});

test('history() goes both ways, page by page', async (t) => {
  const { service } = await withHistory(openService(t));
  const walk = async (order: 'asc' | 'desc'): Promise<string[]> => {
    const ids: string[] = [];
    for (let cursor: string | undefined | null; cursor !== null;) {
      const page = await service.history(LOCAL, 'a-1', { limit: 3, cursor, order });
      ids.push(...page.items.map(({ id }) => id));
      cursor = page.next_cursor;
    }
    return ids;
  };
  const oldestFirst = await walk('asc');
  assert.deepEqual(oldestFirst, ['a-1-m-0', 'a-1-t-0', 'a-1-m-8640', 'a-1-t-8640']);
  assert.deepEqual(await walk('desc'), oldestFirst.reverse());
});

test('history() has what each answer used and cost', async (t) => {
  const { service } = await withHistory(openService(t));
  const { items } = await service.history(LOCAL, 'b-1', { limit: 5, order: 'desc' });
  const { timestamp: _, ...answer } = items[0] ?? assert.fail('no answer');
  assert.deepEqual(answer, {
    id: 'b-1-t-17280',
    session_id: 'b-1',
    direction: 'from_claude',
    message: 'a word of b-1',
    cost_usd: 0.100000001,
    status: 'done',
    context: null,
    reply_to: 'b-1-m-17280',
    usage: [usageOf('claude-haiku-5', 1), usageOf('claude-opus-5', 100_000_000)],
    simulated: true,
  });
});

test('history() says why an answer failed', async (t) => {
  const { service, deps } = await withHistory(openService(t));
  const failure = { code: 'TURN_FAILED', message: 'out of luck' };
  await deps.mirror.write(exchange('b-1', 90_000, 9, { outcome: 'failed', content: '', failure }));
  const { items } = await service.history(LOCAL, 'b-1', { limit: 2, order: 'desc' });
  assert.deepEqual(
    items.map(({ direction, status, error }) => [direction, status, error]),
    [
      ['from_claude', 'failed', failure],
      ['to_claude', 'failed', undefined],
    ],
  );
});

test('costs add up at all levels and in all groups', async (t) => {
  const { service } = await withHistory(openService(t));
  const brief = (groups: CostGroup[] = []): unknown[] =>
    groups.map((group) => [group.key, group.cost_usd, group.session_count, group.message_count]);
  assert.deepEqual(await service.totalCost(LOCAL, {}), { cost_usd: 0.400000004, session_count: 3, message_count: 4 });
  assert.deepEqual(await service.userCost(LOCAL, 'ann', {}), {
    user_id: 'ann',
    cost_usd: 0.300000003,
    session_count: 2,
    message_count: 3,
  });
  const groupedBy = async (group_by: 'day' | 'project' | 'model' | 'user'): Promise<unknown[]> =>
    brief((await service.totalCost(LOCAL, { group_by })).groups);
  assert.deepEqual(await groupedBy('day'), [
    ['2024-01-15', 0.100000001, 1, 1],
    ['2024-01-16', 0.200000002, 2, 2],
    ['2024-01-17', 0.100000001, 1, 1],
  ]);
  assert.deepEqual(await groupedBy('project'), [
    ['/one', 0.300000003, 2, 3],
    ['/two', 0.100000001, 1, 1],
  ]);
  assert.deepEqual(await groupedBy('user'), [
    ['ann', 0.300000003, 2, 3],
    ['bob', 0.100000001, 1, 1],
  ]);
  assert.deepEqual(await groupedBy('model'), [
    ['claude-haiku-5', 4e-9, 3, 4],
    ['claude-opus-5', 0.4, 3, 4],
  ]);
});

test('costs of a time count what was finished from since on and before until', async (t) => {
  const { service } = await withHistory(openService(t));
  const filter = { since: at(DAY), until: at(2 * DAY), group_by: 'user' } as const;
  assert.deepEqual(await service.totalCost(LOCAL, filter), {
    cost_usd: 0.200000002,
    session_count: 2,
    message_count: 2,
    groups: [{ key: 'ann', cost_usd: 0.200000002, session_count: 2, message_count: 2 }],
  });
  assert.equal((await service.userCost(LOCAL, 'bob', { since: '2024-01-17' })).cost_usd, 0.100000001);
  await assert.rejects(service.userCost(LOCAL, 'bob', { since: 'yesterday' }), { code: 'INVALID_REQUEST' });
});

test('costs of others are hidden, those of all forbidden, and all are null where they are not tracked', async (t) => {
  const { service } = await withHistory(openService(t, { trackCosts: false }));
  await assert.rejects(service.userCost(tokenOf('bob'), 'ann', {}), { message: 'User not found: ann' });
  await assert.rejects(service.totalCost(tokenOf('bob'), {}), { code: 'FORBIDDEN' });
  const { items } = await service.history(LOCAL, 'a-1', { limit: 9, order: 'asc' });
  const events = await service.events(LOCAL, 'a-1', { limit: 50 });
  const seen = [
    (await service.totalCost(LOCAL, {})).cost_usd,
    (await service.get(LOCAL, 'a-1')).cost_usd,
    (await service.message(LOCAL, 'a-1', 'a-1-m-0')).cost_usd,
    ...items.map(({ cost_usd }) => cost_usd),
    ...events.flatMap((event) => ('cost_usd' in event ? [event.cost_usd] : [])),
  ];
  assert.deepEqual([...new Set(seen)], [null]);
});

test('search() finds messages by words and beginnings, newest first, and only those that the caller may see', async (t) => {
  const { service } = await withHistory(openService(t));
  const found = async (caller: Caller, q: string, session_id?: string): Promise<string[]> =>
    (await service.search(caller, { q, session_id, limit: 10 })).map(({ id }) => id);
  assert.deepEqual(await found(LOCAL, 'WORD a-1'), ['a-1-t-8640', 'a-1-t-0']);
  assert.deepEqual(await found(LOCAL, 'quest', 'b-1'), ['b-1-m-17280']);
  assert.deepEqual(await found(tokenOf('bob'), 'word'), ['b-1-t-17280']);
  await assert.rejects(found(tokenOf('bob'), 'word', 'a-1'), { message: 'Session not found: a-1' });
});

test('search() takes nothing that is typed for syntax', async (t) => {
  const { service } = await withHistory(openService(t));
  const hostile = [
    '"',
    '""',
    'word"',
    'NEAR(',
    'word AND',
    'OR',
    'NOT word',
    'message:word',
    '*',
    'wo*rd',
    '^word',
    '-word',
    '{a b}',
    '(',
    "'; DROP TABLE users;--",
    '\0',
    'a\0b',
    '💥',
    '+',
    'word -"',
    ' ',
  ];
  for (const q of hostile) {
    const found = await service.search(LOCAL, { q, limit: 10 });
    assert.ok(Array.isArray(found), q);
  }
  assert.deepEqual(await service.search(LOCAL, { q: '"*() -', limit: 10 }), []);
});

test('nothing of a session shows to another user’s token', async (t) => {
  const { service } = await withHistory(openService(t));
  const bob = tokenOf('bob');
  const calls = [
    service.get(bob, 'a-1'),
    service.message(bob, 'a-1', 'a-1-m-0'),
    service.settled(bob, 'a-1', 'a-1-m-0', 0),
    service.history(bob, 'a-1', { limit: 1, order: 'asc' }),
    service.events(bob, 'a-1', { limit: 1 }),
    service.submit(bob, 'a-1', { message: 'hello', idempotency_key: null }),
    service.interrupt(bob, 'a-1'),
    service.disconnect(bob, 'a-1', 'no'),
    service.watch(bob, 'a-1', 0, AbortSignal.timeout(100))[Symbol.asyncIterator]().next(),
  ];
  for (const call of calls) await assert.rejects(call, { message: 'Session not found: a-1' });
  await assert.rejects(service.message(bob, 'b-1', 'a-1-m-0'), { message: 'Message not found: a-1-m-0' });
});
