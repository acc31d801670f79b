import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { makeBus } from '../../db/events/bus.ts';
import { makeMirror } from '../../db/mirror/mirror.ts';
import { REBUILT_NOTICE } from '../../db/mirror/rebuild-session.ts';
import type { Database } from '../../db/file/open.ts';
import { makeMirrorRows } from '../../db/queries/mirror-rows.ts';
import type { MirrorWrite } from '../../domain/mirror/mirror-write.ts';
import { exchange, history, snapshotOf } from '../support/histories.ts';
import { openTestDb } from '../support/open-test-db.ts';

const first = { type: 'session', snapshot: snapshotOf() } as const;

/** Every row with its keys, as a reader of the file sees it. */
function dump(db: Database): unknown {
  const all = (sql: string): unknown[] => db.$client.prepare(sql).raw().all();
  return {
    rows: makeMirrorRows(db).rows('s-1'),
    keys: all('SELECT id, key FROM claude_code_messages ORDER BY key'),
    found: all("SELECT rowid FROM message_search WHERE message_search MATCH 'answer' ORDER BY rowid"),
  };
}

test('rebuild() by what was written before changes nothing, not even the places in the lists', async (t) => {
  const db = openTestDb(t);
  await fc.assert(
    fc.asyncProperty(history, async (writes) => {
      db.$client.exec('DELETE FROM claude_code_sessions');
      const mirror = makeMirror(db, makeBus());
      await mirror.write(writes);
      const before = dump(db);
      assert.equal(await mirror.rebuild('s-1', async () => writes), true);
      assert.deepEqual(dump(db), before);
      assert.equal(makeMirrorRows(db).searchIsWhole(), true);
    }),
    { numRuns: 100 },
  );
});

test('rebuild() of lost rows gives the same rows, and places by their time', async (t) => {
  const [whole, lost] = [openTestDb(t), openTestDb(t)];
  await makeMirror(whole, makeBus()).write([first, ...exchange('s-1', 1, 1), ...exchange('s-1', 2, 4)]);
  const mirror = makeMirror(lost, makeBus());
  await mirror.rebuild('s-2', async () => [
    { type: 'session', snapshot: snapshotOf({ session_id: 's-2' }) },
    ...exchange('s-2', 3, 1),
    ...exchange('s-2', 0, 4),
  ]);
  await mirror.rebuild('s-1', async () => [first, ...exchange('s-1', 1, 1), ...exchange('s-1', 2, 4)]);
  assert.deepEqual(makeMirrorRows(lost).rows('s-1'), makeMirrorRows(whole).rows('s-1'));
  const order = lost.$client.prepare('SELECT id FROM claude_code_messages WHERE reply_to IS NULL ORDER BY key').pluck();
  // Within a session what came first stays first.
  assert.deepEqual(order.all(), ['s-1-m-1', 's-1-m-2', 's-2-m-3', 's-2-m-0']);
});

test('rebuild() keeps what is written while the rows are gathered', async (t) => {
  const db = openTestDb(t);
  const mirror = makeMirror(db, makeBus());
  await mirror.write([first, ...exchange('s-1', 1, 1)]);
  await mirror.rebuild('s-1', async () => {
    await mirror.write(exchange('s-1', 2, 4));
    return [first, ...exchange('s-1', 1, 1)];
  });
  const rows = makeMirrorRows(db).rows('s-1');
  assert.deepEqual(
    rows?.messages.map(({ id }) => id),
    ['s-1-m-1', 's-1-t-1', 's-1-m-2', 's-1-t-2'],
  );
  assert.equal(rows?.session.agent_seq, 6);
});

test('rebuild() of one session runs one call after another', async (t) => {
  const db = openTestDb(t);
  const mirror = makeMirror(db, makeBus());
  const order: string[] = [];
  const slowly = async (name: string): Promise<MirrorWrite[]> => {
    order.push(`${name} begins`);
    await new Promise((resolve) => setTimeout(resolve, 20));
    order.push(`${name} ends`);
    return [first];
  };
  await Promise.all([mirror.rebuild('s-1', () => slowly('one')), mirror.rebuild('s-1', () => slowly('two'))]);
  assert.deepEqual(order, ['one begins', 'one ends', 'two begins', 'two ends']);
});

test('rebuild() gives no number of the stream twice, and tells who waits for a message', async (t) => {
  const db = openTestDb(t);
  const bus = makeBus();
  const mirror = makeMirror(db, bus);
  await mirror.write([first, ...exchange('s-1', 1, 1), ...exchange('s-1', 2, 4).slice(0, 2)]);
  const numbers = makeMirrorRows(db).rows('s-1')?.events.length ?? 0;
  const heard: string[] = [];
  bus.onAll(({ frame }) => {
    if (frame.kind === 'event' && frame.event.type === 'result') heard.push(frame.event.message_id ?? '');
  });
  await mirror.rebuild('s-1', async () => [first, ...exchange('s-1', 2, 4)]);
  assert.deepEqual(heard, ['s-1-m-2']);
  const events = makeMirrorRows(db).rows('s-1')?.events ?? [];
  assert.deepEqual(
    events.map(({ seq }) => seq),
    Array.from({ length: numbers }, (_, index) => index + 1),
  );
  assert.ok(events.some((event) => event.type === 'notice' && event.text === REBUILT_NOTICE));
});

test('rebuild() leaves everything where there is nothing to make it of, and when gathering fails', async (t) => {
  const db = openTestDb(t);
  const mirror = makeMirror(db, makeBus());
  await mirror.write([first, ...exchange('s-1', 1, 1)]);
  const before = dump(db);
  assert.equal(await mirror.rebuild('s-1', async () => null), false);
  await assert.rejects(
    mirror.rebuild('s-1', () => Promise.reject(new Error('away'))),
    /away/,
  );
  assert.deepEqual(dump(db), before);
});

test('rebuild() of a session that came back from an error keeps its place, and gives that of an ended one back', async (t) => {
  const db = openTestDb(t);
  const mirror = makeMirror(db, makeBus());
  const error = { type: 'session', snapshot: snapshotOf({ version: 2, status: 'error', reason: 'away' }) } as const;
  const back = { type: 'session', snapshot: snapshotOf({ version: 3 }) } as const;
  await mirror.write([first]);
  db.$client.prepare("INSERT INTO admissions VALUES ('s-1', 'u-1', '/projects/one', 'then')").run();
  const places = db.$client.prepare('SELECT created_at FROM admissions').pluck();
  await mirror.rebuild('s-1', async () => [first, error, back]);
  assert.deepEqual(places.all(), ['then']);
  await mirror.rebuild('s-1', async () => [first, error]);
  assert.deepEqual(places.all(), []);
});

test('searchIsWhole() finds an index that does not agree with the messages', async (t) => {
  const db = openTestDb(t);
  await makeMirror(db, makeBus()).write([first, ...exchange('s-1', 1, 1)]);
  const rows = makeMirrorRows(db);
  assert.equal(rows.searchIsWhole(), true);
  db.$client.exec("INSERT INTO message_search (message_search, rowid, message) VALUES ('delete', 1, 'question 1')");
  assert.equal(rows.searchIsWhole(), false);
});
