import assert from 'node:assert/strict';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { makeJournal } from '../../../gateway/journal/journal.ts';
import { openJournalDb } from '../../../gateway/journal/open-journal.ts';

const EVENTS = 40;
let base: string;
let wal: Buffer;
/** How much of the log the tables take, before the first event. */
let tables: number;

before(() => {
  base = mkdtempSync(join(tmpdir(), 'xswarm-torn-'));
  const db = openJournalDb(base, 'full');
  const journal = makeJournal(db);
  tables = readFileSync(join(base, 'gateway.db-wal')).length;
  for (let seq = 1; seq <= EVENTS; seq += 1) {
    journal.insertEvent('s-1', seq, {
      type: 'notice',
      timestamp: 't',
      level: 'info',
      text: `event ${seq} `.repeat(40),
    });
  }
  // As a dead process leaves them: nobody has put the log into the file.
  wal = readFileSync(join(base, 'gateway.db-wal'));
  copyFileSync(join(base, 'gateway.db'), join(base, 'main.db'));
  journal.close();
});
after(() => rmSync(base, { recursive: true, force: true }));

/** Opens the files as they are after `damage`, and gives the numbers of the events that are there. */
function numbersAfter(damage: (path: string) => void): number[] {
  const dir = mkdtempSync(join(base, 'case-'));
  copyFileSync(join(base, 'main.db'), join(dir, 'gateway.db'));
  const path = join(dir, 'gateway.db-wal');
  writeFileSync(path, wal);
  damage(path);
  const journal = makeJournal(openJournalDb(dir, 'full'));
  const numbers = journal.events('s-1', 0, 1_000).map(({ seq }) => seq);
  const next = (numbers.at(-1) ?? 0) + 1;
  journal.insertEvent('s-1', next, { type: 'notice', timestamp: 't', level: 'info', text: 'and on' });
  assert.equal(journal.lastSeq('s-1'), next);
  journal.close();
  return numbers;
}

const wholeUpTo = (numbers: number[]): number[] => numbers.map((_, index) => index + 1);

test('a journal whose log was cut off anywhere opens with the events up to there, without a hole, and goes on', () => {
  assert.equal(numbersAfter(() => undefined).length, EVENTS);
  fc.assert(
    fc.property(fc.integer({ min: 0, max: wal.length }), (length) => {
      const numbers = numbersAfter((path) => truncateSync(path, length));
      assert.deepEqual(numbers, wholeUpTo(numbers));
      // All but the one that was being written.
      assert.ok(
        numbers.length >= Math.floor(((length - tables) / (wal.length - tables)) * EVENTS) - 3,
        `${numbers.length} of ${length} bytes`,
      );
    }),
    { numRuns: 60 },
  );
});

test('a journal whose last write was torn opens without it', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 4_000 }), fc.integer({ min: 1, max: 255 }), (fromEnd, flip) => {
      const numbers = numbersAfter((path) => {
        const torn = Buffer.from(wal);
        torn[torn.length - fromEnd]! ^= flip;
        writeFileSync(path, torn);
      });
      assert.deepEqual(numbers, wholeUpTo(numbers));
      assert.ok(numbers.length >= EVENTS - 2, `${numbers.length}`);
    }),
    { numRuns: 40 },
  );
});
