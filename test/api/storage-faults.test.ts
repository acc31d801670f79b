import assert from 'node:assert/strict';
import { test } from 'node:test';
import BetterSqlite3 from 'better-sqlite3';
import type { Database } from '../../db/file/open.ts';
import { openRealDoors } from '../support/api/open-real-doors.ts';

/** How the file is made unwritable, and what undoes it. */
interface Fault {
  what: string;
  reason: string;
  begin: (db: Database & { path: string }) => () => void;
}

const FAULTS: Fault[] = [
  {
    what: 'a full disk',
    reason: 'the disk is full',
    begin(db) {
      // Leaves no page free, so that the first row that needs one meets the end of the disk.
      const pages = db.$client.pragma('page_count', { simple: true }) as number;
      db.$client.pragma(`max_page_count = ${pages}`);
      return () => void db.$client.pragma('max_page_count = 1073741823');
    },
  },
  {
    what: 'a read-only file',
    reason: 'its file is read-only',
    begin(db) {
      db.$client.pragma('query_only = ON');
      return () => void db.$client.pragma('query_only = OFF');
    },
  },
  {
    what: 'a lock of another program',
    reason: 'another program has it locked',
    begin(db) {
      const other = new BetterSqlite3(db.path);
      other.exec('BEGIN IMMEDIATE');
      return () => void other.close();
    },
  },
];

for (const { what, reason, begin } of FAULTS) {
  test(`${what} is told with its reason, reading goes on, and so does work when it is over`, async (t) => {
    const { api, base, db, project, tokens, workflows } = await openRealDoors(t);
    const call = async (method: string, path: string, body?: object): Promise<[number, Record<string, unknown>]> => {
      const headers = { 'content-type': 'application/json', authorization: `Bearer ${tokens.ann}` };
      const answer = await fetch(`${path.startsWith('/ready') ? api.restUrl : base}${path}`, {
        method,
        headers,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      return [answer.status, (await answer.json()) as Record<string, unknown>];
    };
    const [, created] = await call('POST', '/sessions', { user_id: 'ann', project_path: project });
    const path = `/sessions/${created.session_id as string}`;
    const [sent] = await call('POST', `${path}/messages`, { message: 'before' });
    assert.equal(sent, 200);

    const end = begin(db);
    workflows.answers = false;
    // What fills the last page is still taken; then nothing is.
    let refused: Record<string, unknown> = {};
    for (let tries = 0; tries < 50 && refused.code === undefined; tries += 1) {
      const message = { user_id: 'ann', project_path: project, title: 'x'.repeat(200) };
      const [status, body] = await call('POST', '/sessions', message);
      if (status === 503) refused = body;
      if (status === 429) for (const id of workflows.starts.slice(1)) await call('DELETE', `/sessions/${id}`);
    }
    assert.deepEqual([refused.code, refused.message], ['UNAVAILABLE', `Database cannot be reached: ${reason}`]);
    const [status, ready] = await call('GET', '/ready');
    assert.deepEqual([status, ready.message], [503, `Database cannot be reached: ${reason}`]);
    assert.equal((await call('GET', path))[0], 200);
    assert.equal((await call('GET', `${path}/messages`))[0], 200);
    assert.equal((await call('GET', '/cost'))[0], 200);

    end();
    workflows.answers = true;
    assert.equal((await call('GET', '/ready'))[0], 200);
    assert.equal((await call('POST', `${path}/messages`, { message: 'after' }))[0], 200);
    assert.equal(db.$client.pragma('integrity_check', { simple: true }), 'ok');
    assert.deepEqual(db.$client.pragma('foreign_key_check'), []);
  });
}

test('a lock that stays holds nothing else up: calls fail at once after the first', async (t) => {
  const { base, db, project } = await openRealDoors(t);
  const other = new BetterSqlite3(db.path);
  other.exec('BEGIN IMMEDIATE');
  t.after(() => other.close());
  const create = async (): Promise<number> => {
    const began = performance.now();
    const answer = await fetch(`${base}/sessions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ user_id: 'ann', project_path: project }),
    });
    assert.equal(answer.status, 503);
    return performance.now() - began;
  };
  assert.ok((await create()) > 1_000, 'the first waits for a commit of another process to end');
  for (let again = 0; again < 3; again += 1) assert.ok((await create()) < 1_000);
});
