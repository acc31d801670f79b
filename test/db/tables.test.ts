import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import { test } from 'node:test';
import { EVENT_TYPES } from '../../db/events/event-numbers.ts';
import { makeBus } from '../../db/events/bus.ts';
import { makeMirror } from '../../db/mirror/mirror.ts';
import type { Database } from '../../db/file/open.ts';
import { exchange, snapshotOf } from '../support/histories.ts';
import { openTestDb } from '../support/open-test-db.ts';

const NOW = '2024-01-15T10:30:00.000Z';
const doc = readFileSync(new URL('../../docs/database.md', import.meta.url), 'utf8');

/** The guide's columns, in its order: name, type, not null, default, primary key. */
const GUIDE = {
  claude_code_sessions: [
    ['id', 'TEXT', 1, null, 1],
    ['user_id', 'TEXT', 1, null, 0],
    ['project_path', 'TEXT', 1, null, 0],
    ['status', 'TEXT', 1, "'connecting'", 0],
    ['cost_usd', 'REAL', 1, '0', 0],
    ['message_count', 'INTEGER', 1, '0', 0],
    ['started_at', 'TEXT', 1, null, 0],
    ['ended_at', 'TEXT', 0, null, 0],
    ['last_activity', 'TEXT', 1, null, 0],
    ['metadata', 'TEXT', 0, null, 0],
    ['created_at', 'TEXT', 1, "datetime('now')", 0],
    ['updated_at', 'TEXT', 1, "datetime('now')", 0],
  ],
  claude_code_messages: [
    ['id', 'TEXT', 1, null, 1],
    ['session_id', 'TEXT', 1, null, 0],
    ['direction', 'TEXT', 1, null, 0],
    ['message', 'TEXT', 1, null, 0],
    ['timestamp', 'TEXT', 1, null, 0],
    ['cost_usd', 'REAL', 0, null, 0],
    ['status', 'TEXT', 0, null, 0],
    ['context', 'TEXT', 0, null, 0],
    ['created_at', 'TEXT', 1, "datetime('now')", 0],
  ],
};

function insertByHand(db: Database): void {
  db.$client.exec(`INSERT INTO claude_code_sessions (id, user_id, project_path, started_at, last_activity)
    VALUES ('s', 'u', '/p', '${NOW}', '${NOW}')`);
  db.$client.exec(`INSERT INTO claude_code_messages (id, session_id, direction, message, timestamp, cost_usd)
    VALUES ('m', 's', 'from_claude', 'Grüße', '${NOW}', 0.025)`);
}

for (const [table, columns] of Object.entries(GUIDE)) {
  test(`${table} has the guide's columns`, (t) => {
    const info = openTestDb(t).$client.pragma(`table_info(${table})`) as Record<string, unknown>[];
    const found = info.map(({ name, type, notnull, dflt_value, pk }) => [
      name,
      String(type).toUpperCase(),
      notnull,
      dflt_value,
      pk,
    ]);
    assert.deepEqual(found.slice(0, columns.length), columns);
  });
}

test('rows that are written by hand with the guide’s columns alone are found by views and search', (t) => {
  const db = openTestDb(t);
  insertByHand(db);
  assert.equal(db.$client.prepare('SELECT cost_usd FROM claude_code_session_stats').pluck().get(), 0.025);
  assert.equal(db.$client.prepare('SELECT message FROM claude_code_recent_messages').pluck().get(), 'Grüße');
  const search = "SELECT count(*) FROM message_search WHERE message_search MATCH 'grusse OR grüße'";
  assert.equal(db.$client.prepare(search).pluck().get(), 1);
});

test('a session takes its messages, events and usage along', async (t) => {
  const db = openTestDb(t);
  await makeMirror(db, makeBus()).write([{ type: 'session', snapshot: snapshotOf() }, ...exchange('s-1', 1, 1)]);
  db.$client.exec('DELETE FROM claude_code_sessions');
  for (const table of ['claude_code_messages', 'session_events', 'turn_usage', 'claude_code_recent_messages']) {
    assert.equal(db.$client.prepare(`SELECT count(*) FROM ${table}`).pluck().get(), 0, table);
  }
  db.$client.exec("INSERT INTO message_search (message_search) VALUES ('integrity-check')");
});

test('messages go one of two ways, to a session that is there, at a cost that is exact', (t) => {
  const db = openTestDb(t);
  insertByHand(db);
  const insert = (id: string, session: string, direction: string): unknown =>
    db.$client.exec(`INSERT INTO claude_code_messages (id, session_id, direction, message, timestamp)
      VALUES ('${id}', '${session}', '${direction}', '', '${NOW}')`);
  assert.throws(() => insert('x', 's', 'sideways'), { code: 'SQLITE_CONSTRAINT_CHECK' });
  assert.throws(() => insert('x', 'none', 'to_claude'), { code: 'SQLITE_CONSTRAINT_FOREIGNKEY' });
  assert.throws(() => insert('m', 's', 'to_claude'), { code: 'SQLITE_CONSTRAINT_PRIMARYKEY' });
  for (const table of ['claude_code_sessions', 'claude_code_messages']) {
    assert.throws(() => db.$client.exec(`UPDATE ${table} SET cost_nano = 1`), { code: 'SQLITE_CONSTRAINT_CHECK' });
  }
});

test('1,000 short messages with their answers take 1 MB at most', async (t) => {
  const db = openTestDb(t);
  const mirror = makeMirror(db, makeBus());
  const size = (): number => {
    db.$client.pragma('wal_checkpoint(TRUNCATE)');
    return statSync(db.path).size;
  };
  const empty = size();
  await mirror.write([{ type: 'session', snapshot: snapshotOf({ session_id: uuid(0) }) }]);
  for (let number = 0; number < 1_000; number += 1) {
    const content = 'three files changed, all the tests pass, nothing else is left to be done';
    const turn = { turn_id: uuid(number * 2 + 1), message_id: uuid(number * 2 + 2), content };
    const writes = exchange(uuid(0), number, number * 3 + 1, turn).map(
      (write) =>
        JSON.parse(JSON.stringify(write).replaceAll(`${uuid(0)}-m-${number}`, turn.message_id)) as typeof write,
    );
    await mirror.write(writes);
  }
  const bytes = size() - empty;
  t.diagnostic(`${bytes} bytes`);
  assert.ok(bytes <= 1_000_000, `${bytes} bytes`);
});

/** An id of the length of a UUID, spread over the index as random ones are. */
function uuid(number: number): string {
  const spread = ((number + 1) * 2_654_435_761) % 2 ** 32;
  return `${spread.toString(16).padStart(8, '0')}-0000-4000-8000-${number.toString(16).padStart(12, '0')}`;
}

test('docs/database.md names each table, view and column', (t) => {
  const db = openTestDb(t);
  const objects = db.$client
    .prepare<[], { name: string }>(
      `SELECT name FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'message_search_%'
       AND name NOT LIKE 'sqlite_%' AND name NOT LIKE '\\_\\_%' ESCAPE '\\'`,
    )
    .all();
  const missing = objects.flatMap(({ name }) => {
    const section = doc.split(/^### /m).find((part) => part.startsWith(`\`${name}\``)) ?? '';
    const columns = db.$client.pragma(`table_info(${name})`) as { name: string }[];
    return ['', ...columns.map((column) => column.name)]
      .filter((column) => !section.includes(`\`${column}`))
      .map((column) => `${name}.${column}`);
  });
  assert.deepEqual(missing, []);
});

test('docs/database.md lists the event types by their numbers', () => {
  const listed = [...doc.matchAll(/^\|\s*(\d+)\s*\|\s*`(\w+)`\s*\|$/gm)].map(([, number, type]) => [
    Number(number),
    type,
  ]);
  assert.deepEqual(
    listed,
    EVENT_TYPES.map((type, number) => [number, type]),
  );
});

for (const table of ['claude_code_messages', 'message_bodies']) {
  test(`${table} is read by session_id through an index`, (t) => {
    const plan = openTestDb(t)
      .$client.prepare<[], { detail: string }>(`EXPLAIN QUERY PLAN DELETE FROM ${table} WHERE session_id = 's'`)
      .all();
    assert.match(plan.map(({ detail }) => detail).join(), /USING (COVERING )?INDEX/);
  });
}
