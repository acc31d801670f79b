import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeBus } from '../../db/events/bus.ts';
import { makeMirror } from '../../db/mirror/mirror.ts';
import { exchange, snapshotOf } from '../support/histories.ts';
import { openReports } from '../support/api/open-reports.ts';
import { openTestDb } from '../support/open-test-db.ts';

test('cost() sees what was committed a moment ago, and leaves the event loop to others', async (t) => {
  const db = openTestDb(t);
  const reports = openReports(t, { path: db.path });
  assert.equal((await reports.cost(null, {})).session_count, 0);
  await makeMirror(db, makeBus()).write([{ type: 'session', snapshot: snapshotOf() }, ...exchange('s-1', 1, 1)]);
  let ticks = 0;
  const ticking = setInterval(() => (ticks += 1), 1);
  db.$client.exec(`
    WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < 60000)
    INSERT INTO claude_code_messages (id, session_id, direction, message, timestamp, key, session_key)
    SELECT 'm-' || i, 's-1', 'to_claude', 'hi', '2026-01-01T00:00:00.000Z', 100 + i, 1 FROM n`);
  ticks = 0;
  const { message_count, groups } = await reports.cost(null, { group_by: 'day' });
  clearInterval(ticking);
  assert.equal(message_count, 1);
  assert.equal(
    groups?.reduce((sum, group) => sum + group.message_count, 0),
    60_000,
  );
  assert.ok(ticks > 0);
});

test('search() answers side by side with other questions, each with its own answer', async (t) => {
  const db = openTestDb(t);
  const reports = openReports(t, { path: db.path });
  await makeMirror(db, makeBus()).write([{ type: 'session', snapshot: snapshotOf() }, ...exchange('s-1', 1, 1)]);
  const [cost, none, some] = await Promise.all([
    reports.cost('nobody', {}),
    reports.search({ q: 'nothing-like-it', limit: 10 }),
    reports.search({ q: 'question', limit: 10 }),
  ]);
  assert.deepEqual([cost.session_count, none, some.length], [0, [], 1]);
});

test('a file that cannot be opened is UNAVAILABLE, and the next question begins anew', async (t) => {
  const reports = openReports(t, { path: '/nowhere/xswarm.db' });
  await assert.rejects(reports.cost(null, {}), { code: 'UNAVAILABLE' });
  await assert.rejects(reports.search({ q: 'x', limit: 1 }), { code: 'UNAVAILABLE' });
});

test('a question that takes too long is UNAVAILABLE, and so are those behind it', async (t) => {
  const db = openTestDb(t);
  const reports = openReports(t, { path: db.path, limitMs: 1 });
  const answers = await Promise.allSettled([reports.cost(null, {}), reports.cost(null, {})]);
  assert.deepEqual(
    answers.map((answer) => answer.status === 'rejected' && (answer.reason as { code: string }).code),
    ['UNAVAILABLE', 'UNAVAILABLE'],
  );
});

test('a question behind a hundred that wait is UNAVAILABLE at once and says when to ask again', async (t) => {
  const db = openTestDb(t);
  const reports = openReports(t, { path: db.path });
  const first = Array.from({ length: 100 }, () => reports.search({ q: 'x', limit: 1 }));
  await assert.rejects(reports.search({ q: 'x', limit: 1 }), {
    code: 'UNAVAILABLE',
    message: 'Too many reports wait (100): try again in 5 s',
    details: { retry_after_seconds: 5 },
  });
  assert.deepEqual((await Promise.all(first)).flat(), []);
  assert.deepEqual(await reports.search({ q: 'x', limit: 1 }), []);
});

test('a thread that cannot begin is UNAVAILABLE', async (t) => {
  const db = openTestDb(t);
  const reports = openReports(t, { path: db.path, entry: new URL('http://localhost/report-thread.js') });
  await assert.rejects(reports.search({ q: 'x', limit: 1 }), { code: 'UNAVAILABLE' });
});
