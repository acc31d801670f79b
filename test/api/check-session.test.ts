import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { checkSession } from '../../api/mirror/check-session.ts';
import { openScratch } from '../../api/mirror/scratch.ts';
import { makeBus } from '../../db/events/bus.ts';
import { makeMirror } from '../../db/mirror/mirror.ts';
import { makeMirrorRows } from '../../db/queries/mirror-rows.ts';
import type { MirrorWrite, SessionSnapshot } from '../../domain/mirror/mirror-write.ts';
import type { JournalEvent } from '../../domain/session/session-record.ts';
import { at, exchange, snapshotOf } from '../support/histories.ts';
import { openTestDb } from '../support/open-test-db.ts';

/** Checks a session of two turns in journal and mirror, of which the workflow has booked the first. */
async function textsFound(t: TestContext, over: Partial<SessionSnapshot>): Promise<string[]> {
  const db = openTestDb(t);
  const mirror = makeMirror(db, makeBus(), { trackCosts: true });
  const scratch = openScratch();
  t.after(() => scratch.close());
  const snapshot = snapshotOf({ version: 2, ...over });
  const turns: MirrorWrite[] = [...exchange('s-1', 1, 1), ...exchange('s-1', 2, 4)];
  await mirror.write([{ type: 'session', snapshot: snapshotOf() }, ...turns, { type: 'session', snapshot }]);
  const events = turns.flatMap((write): JournalEvent[] =>
    write.type === 'agent' ? [{ seq: write.seq, event: write.event }] : [],
  );
  const messages = turns.flatMap((write) =>
    write.type === 'queued' ? [{ timestamp: write.timestamp, ...write.message }] : [],
  );
  const record = {
    snapshot,
    ended: over.ended_at !== undefined,
    opening: false,
    cursor: 3,
    cost_nano: 3_000_001,
    message_count: 2,
    waiting: [],
    unsent: [],
  };
  const deps = {
    db,
    mirror,
    scratch,
    rows: makeMirrorRows(db),
    logger: { debug() {}, info() {}, warn() {}, error() {} },
    retentionDays: 30,
    records: {
      list: async () => [],
      record: async () => record,
      past: async () => ({ messages, statuses: [], complete: true }),
    },
    journal: {
      exists: async () => true,
      async *sessions() {},
      async *events() {
        yield events;
      },
    },
  };
  const known = { session_id: 's-1', project_path: '/projects/one', created_at: at(0), last_seq: 6 };
  return (await checkSession(deps, 's-1', known)).map(({ part, text }) => `${part}: ${text}`);
}

test('checkSession() lets a workflow that runs be behind the journal', async (t) => {
  assert.deepEqual(await textsFound(t, { status: 'active' }), []);
});

test('checkSession() tells of money that was settled and that the workflow of an ended session never booked', async (t) => {
  const ended = { status: 'disconnected', reason: 'User requested', ended_at: at(600) } as const;
  assert.deepEqual(await textsFound(t, ended), [
    'ledger: the workflow has booked $0.003000001, the journal says $0.006000002',
  ]);
});
