import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeBus } from '../../db/events/bus.ts';
import { makeMirror } from '../../db/mirror/mirror.ts';
import { InteractionQueries } from '../../db/queries/interactions.ts';
import type { Interaction, InteractionEnd } from '../../domain/control/interaction.ts';
import type { MirrorWrite } from '../../domain/mirror/mirror-write.ts';
import { at, exchange, snapshotOf } from '../support/histories.ts';
import { openTestDb } from '../support/open-test-db.ts';

function asked(id: string, message_id: string, session_id = 's-1'): Interaction {
  const detail = { tool: 'Bash', input: { command: 'ls' }, summary: 'ls', reason: 'asks', blocked_path: null };
  return {
    interaction_id: id,
    session_id,
    message_id,
    kind: 'permission',
    status: 'open',
    title: 'Bash: ls',
    detail: { ...detail, suggestions: [] },
    created_at: at(11),
    expires_at: null,
    answer: null,
    answered_by: null,
    answered_via: null,
    answered_at: null,
    withdrawn_reason: null,
  };
}

function ask(seq: number, interaction: Interaction): MirrorWrite {
  const { session_id, message_id } = interaction;
  const event = { type: 'interaction' as const, timestamp: at(11), message_id, interaction };
  return { type: 'agent', session_id, seq, event };
}

const answered: InteractionEnd = {
  interaction_id: 'i-1',
  message_id: 's-1-m-1',
  status: 'answered',
  answer: { decision: 'allow' },
  answered_by: 'ann',
  answered_via: 'web',
  settled_at: at(12),
  withdrawn_reason: null,
};
const session: MirrorWrite = { type: 'session', snapshot: snapshotOf() };
const [queued, accepted, text, result] = exchange('s-1', 1, 1) as [MirrorWrite, MirrorWrite, MirrorWrite, MirrorWrite];

test('a message waits while what it asked is open, and its session is not quiet', async (t) => {
  const db = openTestDb(t);
  const mirror = makeMirror(db, makeBus());
  const status = (): unknown =>
    db.$client.prepare("SELECT status FROM claude_code_messages WHERE id = 's-1-m-1'").pluck().get();
  const running = (): unknown => db.$client.prepare('SELECT running FROM claude_code_sessions').pluck().get();
  await mirror.write([session, queued, accepted, ask(2, asked('i-1', 's-1-m-1'))]);
  assert.deepEqual([status(), running()], ['waiting', 1]);
  assert.equal(new InteractionQueries(db).waitingOf('s-1')?.number, 1);
  await mirror.write([{ type: 'interaction', session_id: 's-1', end: answered }]);
  assert.deepEqual([status(), running()], ['sent', 1]);
  assert.equal(new InteractionQueries(db).waitingOf('s-1'), null);
  const found = new InteractionQueries(db).find('i-1');
  assert.deepEqual([found?.status, found?.answer, found?.answered_at], ['answered', { decision: 'allow' }, at(12)]);
});

test('the end of a turn withdraws what it asked, whichever is mirrored first, and an answer replaces that', async (t) => {
  for (const order of [
    [queued, accepted, ask(2, asked('i-1', 's-1-m-1')), { ...result, seq: 3 } as MirrorWrite],
    [queued, accepted, { ...result, seq: 3 } as MirrorWrite, ask(2, asked('i-1', 's-1-m-1'))],
  ]) {
    const db = openTestDb(t);
    const mirror = makeMirror(db, makeBus());
    await mirror.write([session, ...order]);
    const find = () => new InteractionQueries(db).find('i-1');
    assert.equal(find()?.status, 'withdrawn');
    await mirror.write([{ type: 'interaction', session_id: 's-1', end: answered }]);
    const withdrawn = { ...answered, status: 'withdrawn' as const, answer: null, withdrawn_reason: 'late' };
    await mirror.write([{ type: 'interaction', session_id: 's-1', end: withdrawn }]);
    assert.deepEqual([find()?.status, find()?.withdrawn_reason], ['answered', null]);
    assert.equal(db.$client.prepare('SELECT running FROM claude_code_sessions').pluck().get(), 0);
  }
});

test('a session that ends withdraws everything with its reason', async (t) => {
  const db = openTestDb(t);
  const mirror = makeMirror(db, makeBus());
  await mirror.write([session, queued, accepted, text, ask(3, asked('i-1', 's-1-m-1'))]);
  const ended = snapshotOf({ version: 2, status: 'disconnected', reason: 'User requested', ended_at: at(20) });
  await mirror.write([{ type: 'session', snapshot: ended }]);
  const found = new InteractionQueries(db).find('i-1');
  assert.deepEqual([found?.status, found?.withdrawn_reason], ['withdrawn', 'User requested']);
});

test('numbers are the smallest that are free among the open ones of a user', async (t) => {
  const db = openTestDb(t);
  const mirror = makeMirror(db, makeBus());
  const other: MirrorWrite = { type: 'session', snapshot: snapshotOf({ session_id: 's-2', user_id: 'u-2' }) };
  await mirror.write([
    session,
    other,
    queued,
    accepted,
    ask(2, asked('i-1', 's-1-m-1')),
    ask(3, asked('i-2', 's-1-m-1')),
  ]);
  await mirror.write([ask(1, asked('i-3', 's-2-m-1', 's-2'))]);
  await mirror.write([{ type: 'interaction', session_id: 's-1', end: answered }, ask(4, asked('i-4', 's-1-m-1'))]);
  const numbers = new InteractionQueries(db).inbox({ status: 'open', limit: 10 }).items;
  assert.deepEqual(
    numbers.map(({ interaction_id, number }) => [interaction_id, number]),
    [
      ['i-2', 2],
      ['i-3', 1],
      ['i-4', 1],
    ],
  );
});

test('a page of the inbox ends where its limit is, and its cursor begins the next', async (t) => {
  const db = openTestDb(t);
  const mirror = makeMirror(db, makeBus());
  await mirror.write([session, queued, accepted, ...[2, 3, 4].map((seq) => ask(seq, asked(`i-${seq}`, 's-1-m-1')))]);
  const queries = new InteractionQueries(db);
  const first = queries.inbox({ session_id: 's-1', limit: 2 });
  const second = queries.inbox({ session_id: 's-1', limit: 2, cursor: first.next_cursor ?? '' });
  assert.deepEqual(
    [...first.items, ...second.items].map(({ interaction_id }) => interaction_id),
    ['i-2', 'i-3', 'i-4'],
  );
  assert.equal(second.next_cursor, null);
});
