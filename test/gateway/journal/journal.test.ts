import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import Database from 'better-sqlite3';
import type { AgentEvent } from '../../../domain/session/event.ts';
import { makeJournal } from '../../../gateway/journal/journal.ts';
import type { Journal } from '../../../gateway/journal/journal.ts';
import { JournalWriter } from '../../../gateway/journal/journal-writer.ts';
import type { NumberedLog } from '../../../gateway/journal/journal-writer.ts';
import { openJournalDb } from '../../../gateway/journal/open-journal.ts';
import { until } from '../../support/until.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'xswarm-journal-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

function ignore(): void {
  // the failure is not of interest
}

/** A session's part of the journal, with what the writer reported to it. */
function part(journal: Journal, sessionId: string): NumberedLog & { written: string[]; dropped: number } {
  return {
    sessionId,
    written: [],
    dropped: 0,
    get lastSeq() {
      return journal.lastSeq(sessionId);
    },
    numbered: ignore,
    published(_, event) {
      this.written.push(event.type);
    },
    unwritten(why) {
      if (why === 'dropped') this.dropped += 1;
    },
  };
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
  const writer = new JournalWriter(counted, assert.fail);
  const log = part(journal, 's');
  const append = (mayWait: boolean): Promise<number> =>
    writer.append({ log, event: notice('x'), mayWait, onFailure: 'keep' });
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
  const writer = new JournalWriter(counted, assert.fail);
  const numbers = await Promise.all(
    ['a', 'b', 'a', 'a', 'b'].map((id) =>
      writer.append({ log: part(journal, id), event: notice('x'), onFailure: 'keep' }),
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
  const writer = new JournalWriter(faulty, (error) => failures.push(error.message));
  const log = part(journal, 'a');
  const kept = writer.append({ log, event: notice('kept'), onFailure: 'keep' });
  const refused = writer.append({ log, event: notice('refused'), onFailure: 'refuse' });
  await assert.rejects(refused, /disk full/);
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
  const writer = new JournalWriter(journal, ignore);
  const log = part(journal, 'a');
  const append = (event: AgentEvent, onFailure: 'keep' | 'drop'): void => void writer.append({ log, event, onFailure });
  const text: AgentEvent = { type: 'text', timestamp: 't', message_id: 'm', text: 'x'.repeat(2 ** 20) };
  append(text, 'drop');
  writer.flush();
  assert.match(String(writer.failure), /full/);
  for (let each = 0; each < 20; each += 1) append(text, 'drop');
  append({ type: 'background', timestamp: 't', tasks: 0 }, 'keep');
  assert.ok(log.dropped >= 3 && log.dropped <= 5, `${log.dropped}`);
  room(1_000_000);
  await until('the journal is written again', () => writer.failure === null);
  assert.equal(log.written.length, 22 - log.dropped);
  assert.equal(log.written.at(-1), 'background');
  journal.close();
});

test('a journal that could not be written is found well again though nobody is let in meanwhile', async () => {
  const db = openJournalDb(dir, 'normal');
  const journal = makeJournal(db);
  const writer = new JournalWriter(journal, ignore);
  db.pragma('query_only = 1');
  const log = part(journal, 'a');
  await assert.rejects(writer.append({ log, event: notice('x'), onFailure: 'refuse' }), /readonly/);
  await new Promise((resolve) => setTimeout(resolve, 600));
  assert.notEqual(writer.failure, null);
  db.pragma('query_only = 0');
  await until('the journal is found writable', () => writer.failure === null);
  assert.deepEqual([journal.events('a', 0, 10), journal.openAgents()], [[], []]);
  journal.close();
});
