import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { reconcileWithTemporal } from '../../api/mirror/reconcile.ts';
import type { MirrorDeps } from '../../api/mirror/sources.ts';
import { makeBus } from '../../db/events/bus.ts';
import { makeMirror } from '../../db/mirror/mirror.ts';
import type { SessionRecord } from '../../domain/session/session-record.ts';
import { at, snapshotOf } from '../support/histories.ts';
import { openTestDb } from '../support/open-test-db.ts';

const signal = new AbortController().signal;

/** A mirror that knows version 1 of sessions that Temporal has in version 2; one began at second 0, one at second 100. */
async function behind(t: TestContext): Promise<MirrorDeps> {
  const db = openTestDb(t);
  const mirror = makeMirror(db, makeBus(), { trackCosts: true });
  const begun = { early: at(0), late: at(100) };
  for (const [session_id, started_at] of Object.entries(begun)) {
    await mirror.write([{ type: 'session', snapshot: snapshotOf({ session_id, started_at }) }]);
  }
  const record = (session_id: string): SessionRecord => ({
    snapshot: snapshotOf({ session_id, version: 2, started_at: begun[session_id as keyof typeof begun] }),
    ended: false,
    opening: false,
    cursor: 0,
    cost_nano: 0,
    message_count: 0,
    waiting: [],
    unsent: [],
  });
  return {
    db,
    mirror,
    logger: { debug() {}, info() {}, warn() {}, error() {} },
    retentionDays: 30,
    records: {
      list: async () => Object.keys(begun).map((session_id) => ({ session_id, started_at: at(0), running: true })),
      record: async (sessionId) => record(sessionId),
      past: async () => ({ messages: [], statuses: [], complete: true }),
    },
    journal: { exists: async () => false, async *sessions() {}, async *events() {} },
  };
}

test('reconcileWithTemporal() corrects what was there before, and leaves alone what is being written just now', async (t) => {
  const deps = await behind(t);
  const startedBefore = new Date(at(50));
  assert.deepEqual(await reconcileWithTemporal(deps, { queues: true, startedBefore, signal }), {
    ended: [],
    behind: ['early'],
  });
});
