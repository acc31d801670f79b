import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import Database from 'better-sqlite3';
import type { AgentEvent } from '../../../domain/event.ts';
import { makeJournal } from '../../../gateway/journal/journal.ts';
import type { Journal } from '../../../gateway/journal/journal.ts';
import { makeJournalWriter } from '../../../gateway/journal/journal-writer.ts';
import { openJournalDb } from '../../../gateway/journal/open-journal.ts';

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

test('events() reads no more than some megabytes at once, but never nothing before the end', () => {
  const journal = makeJournal(openJournalDb(dir, 'normal'));
  const sizes = [9, 1, 1, 1, 1, 5];
  for (const [index, size] of sizes.entries()) journal.insertEvent('s', index + 1, notice('x'.repeat(size * 2 ** 20)));
  const pages: number[][] = [];
  for (let after = 0; after < sizes.length; after = pages.at(-1)!.at(-1)!) {
    pages.push(journal.events('s', after, 200).map(({ seq }) => seq));
  }
  assert.deepEqual(pages, [[1], [2, 3, 4], [5], [6]]);
  journal.insertEvent('s', 7, notice('the journal can be written behind a page that was cut'));
  journal.close();
});

test('an entry that may wait shares the commit of what follows it, in order, and is not kept waiting for long', async () => {
  const journal = makeJournal(openJournalDb(dir, 'normal'));
  const commits: number[] = [];
  let size = 0;
  const counted = {
    ...journal,
    insertEvent: (...row: Parameters<Journal['insertEvent']>) => ((size += 1), journal.insertEvent(...row)),
    transaction(work: () => void) {
      size = 0;
      journal.transaction(work);
      commits.push(size);
    },
  };
  const writer = makeJournalWriter(counted, (id) => journal.lastSeq(id), assert.fail);
  const append = (mayWait: boolean): Promise<number> =>
    new Promise((committed) =>
      writer.append({ sessionId: 's', event: notice('x'), mayWait, numbered: ignore, committed }),
    );
  const patient = append(true);
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(await Promise.all([patient, append(false), append(true)]), [1, 2, 3]);
  assert.equal(await append(true), 4);
  assert.deepEqual(commits, [3, 1]);
  journal.close();
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
  const faulty: Pick<Journal, 'transaction' | 'insertEvent' | 'probe'> = {
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

test('a full disk: progress is kept up to a bound, results beyond it, and it is noticed when there is room again', async () => {
  const db = openJournalDb(dir, 'normal');
  const journal = makeJournal(db);
  const room = (pages: number): unknown => db.pragma(`max_page_count = ${pages}`);
  room(db.pragma('page_count', { simple: true }) as number);
  const writer = makeJournalWriter(journal, (id) => journal.lastSeq(id), ignore, 200_000);
  const written: string[] = [];
  let lost = 0;
  const append = (event: AgentEvent, isProgress: boolean): void =>
    writer.append({
      sessionId: 'a',
      event,
      numbered: ignore,
      committed: () => void written.push(event.type),
      ...(isProgress ? { lost: () => void (lost += 1) } : {}),
    });
  const text: AgentEvent = { type: 'text', timestamp: 't', message_id: 'm', text: 'x'.repeat(10_000) };
  append(text, true);
  writer.flush();
  assert.match(String(writer.failure), /full/);
  for (let each = 0; each < 100; each += 1) append(text, true);
  append({ type: 'background', timestamp: 't', tasks: 0 }, false);
  assert.ok(lost > 70 && lost < 90, `${lost}`);
  room(1_000_000);
  while (writer.failure !== null) await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal(written.length, 102 - lost);
  assert.equal(written.at(-1), 'background');
  journal.close();
});

test('a journal that could not be written is found well again though nobody is let in meanwhile', async () => {
  const db = openJournalDb(dir, 'normal');
  const journal = makeJournal(db);
  const writer = makeJournalWriter(journal, (id) => journal.lastSeq(id), ignore);
  db.pragma('query_only = 1');
  const failed = new Promise((resolve) =>
    writer.append({ sessionId: 'a', event: notice('x'), numbered: ignore, committed: ignore, failed: resolve }),
  );
  assert.match(String(await failed), /readonly/);
  await new Promise((resolve) => setTimeout(resolve, 600));
  assert.notEqual(writer.failure, null);
  db.pragma('query_only = 0');
  while (writer.failure !== null) await new Promise((resolve) => setTimeout(resolve, 20));
  assert.deepEqual([journal.events('a', 0, 10), journal.openAgents()], [[], []]);
  journal.close();
});
