import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import Database from 'better-sqlite3';
import type { AgentEvent } from '../../../src/domain/event.ts';
import { makeJournal } from '../../../src/gateway/journal/journal.ts';
import type { Journal } from '../../../src/gateway/journal/journal.ts';
import { makeJournalWriter } from '../../../src/gateway/journal/journal-writer.ts';
import { openJournalDb } from '../../../src/gateway/journal/open-journal.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'xswarm-journal-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

function ignore(): void {
  // the number is not of interest
}

const notice = (text: string): AgentEvent => ({ type: 'notice', timestamp: 't', level: 'info', text });

test('a journal that a newer program wrote is refused with what to do', () => {
  openJournalDb(dir, 'full').close();
  const db = new Database(join(dir, 'gateway.db'));
  db.pragma('user_version = 99');
  db.close();
  assert.throws(() => openJournalDb(dir, 'full'), /version 99.*install the newer program/);
});

test('durability full syncs every commit, normal does not', () => {
  for (const [durability, level] of [
    ['full', 2],
    ['normal', 1],
  ] as const) {
    const db = openJournalDb(dir, durability);
    assert.equal(db.pragma('synchronous', { simple: true }), level);
    assert.equal(db.pragma('journal_mode', { simple: true }), 'wal');
    db.close();
  }
});

test('what waits is committed in one transaction, numbered without a hole for each session', async () => {
  const journal = makeJournal(openJournalDb(dir, 'normal'));
  let commits = 0;
  const counted = { ...journal, transaction: (work: () => void) => ((commits += 1), journal.transaction(work)) };
  const writer = makeJournalWriter(counted, (id) => journal.lastSeq(id), assert.fail);
  const numbers = await Promise.all(
    ['a', 'b', 'a', 'a', 'b'].map(
      (sessionId) =>
        new Promise((resolve) =>
          writer.append({ sessionId, event: notice('x'), numbered: ignore, committed: resolve }),
        ),
    ),
  );
  assert.deepEqual([numbers, commits], [[1, 1, 2, 3, 2], 1]);
  journal.close();
});

test('after a failed commit, what may be refused is refused and the rest is written when the fault is gone', async () => {
  const journal = makeJournal(openJournalDb(dir, 'normal'));
  let broken = true;
  const failures: string[] = [];
  const faulty: Pick<Journal, 'transaction' | 'insertEvent'> = {
    ...journal,
    transaction(work) {
      if (broken) throw new Error('disk full');
      journal.transaction(work);
    },
  };
  const writer = makeJournalWriter(
    faulty,
    (id) => journal.lastSeq(id),
    (error) => failures.push(error.message),
  );
  const kept = new Promise((resolve) =>
    writer.append({ sessionId: 'a', event: notice('kept'), numbered: ignore, committed: resolve }),
  );
  const refused = new Promise((resolve) =>
    writer.append({
      sessionId: 'a',
      event: notice('refused'),
      numbered: ignore,
      committed: () => assert.fail(),
      failed: resolve,
    }),
  );
  assert.match(String(await refused), /disk full/);
  assert.match(String(writer.failure), /disk full/);
  broken = false;
  assert.equal(await kept, 1);
  assert.equal(writer.failure, null);
  assert.deepEqual(failures, ['disk full']);
  assert.deepEqual(
    journal.events('a', 0, 10).map(({ event }) => event.type === 'notice' && event.text),
    ['kept'],
  );
  journal.close();
});
