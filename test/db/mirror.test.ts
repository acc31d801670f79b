import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { MirrorWrite } from '../../domain/mirror/mirror-write.ts';
import type { AgentEvent } from '../../domain/session/event.ts';
import { makeBus } from '../../db/events/bus.ts';
import { makeMirror } from '../../db/mirror/mirror.ts';
import type { Database } from '../../db/file/open.ts';
import { at, exchange, history, snapshotOf } from '../support/histories.ts';
import { openTestDb } from '../support/open-test-db.ts';

test('makeMirror() ends in the same rows, whatever the order, the repeats and the batches of the writes', async (t) => {
  const [expected, shuffled] = [openTestDb(t), openTestDb(t)];
  await fc.assert(
    fc.asyncProperty(history, disorder(), async (writes, disturb) => {
      await applyAll(expected, [writes]);
      await applyAll(shuffled, disturb(writes));
      assert.deepEqual(rowsOf(shuffled), rowsOf(expected));
      assertSumsAgree(shuffled);
      assertStreamWhole(shuffled);
    }),
    { numRuns: 300 },
  );
});

test('makeMirror() keeps what is written of a session that has no row yet', async (t) => {
  const db = openTestDb(t);
  await applyAll(db, [
    [
      {
        type: 'queued',
        session_id: 's-1',
        timestamp: '2024-01-15T10:00:00Z',
        message: { message_id: 'm-1', content: 'hello' },
      },
    ],
  ]);
  await makeMirror(db, makeBus()).write([{ type: 'session', snapshot: snapshotOf() }]);
  assert.deepEqual(
    db.$client.prepare('SELECT user_id, status, message_count, queued FROM claude_code_sessions').all(),
    [{ user_id: 'u-1', status: 'active', message_count: 1, queued: 1 }],
  );
});

test('makeMirror() rejects only the caller whose writes are bad', async (t) => {
  const db = openTestDb(t);
  const mirror = makeMirror(db, makeBus());
  const bad = {
    type: 'session',
    snapshot: snapshotOf({ session_id: 's-2', project_path: null as unknown as string }),
  } as const;
  const outcomes = await Promise.allSettled([
    mirror.write([{ type: 'session', snapshot: snapshotOf() }]),
    mirror.write([bad]),
    mirror.write([{ type: 'session', snapshot: snapshotOf({ session_id: 's-3' }) }]),
  ]);
  assert.deepEqual(
    outcomes.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled'],
  );
  // A refusal, not a file that is away: writing it again would not help.
  await assert.rejects(mirror.write([bad]), { code: 'SQLITE_CONSTRAINT_NOTNULL' });
  assert.deepEqual(db.$client.prepare('SELECT id FROM claude_code_sessions ORDER BY id').pluck().all(), ['s-1', 's-3']);
});

test('makeMirror() gives back the place of a session that has ended, and not for a stale end', async (t) => {
  const db = openTestDb(t);
  const mirror = makeMirror(db, makeBus());
  const admit = (): unknown =>
    db.$client.prepare("INSERT INTO admissions VALUES ('s-1', 'u-1', '/projects/one', '')").run();
  const left = (): unknown => db.$client.prepare('SELECT count(*) FROM admissions').pluck().get();
  admit();
  await mirror.write([{ type: 'session', snapshot: snapshotOf({ version: 3, status: 'error', reason: 'away' }) }]);
  assert.equal(left(), 0);
  admit();
  await mirror.write([{ type: 'session', snapshot: snapshotOf({ version: 3, status: 'error', reason: 'away' }) }]);
  assert.equal(left(), 1);
});

test('makeMirror() counts an answer as the session’s last activity', async (t) => {
  const db = openTestDb(t);
  await applyAll(db, [[{ type: 'session', snapshot: snapshotOf() }, ...exchange('s-1', 1, 1)]]);
  const lastActivity = db.$client.prepare('SELECT last_activity FROM claude_code_sessions').pluck().get();
  assert.equal(lastActivity, at(15));
});

test('makeMirror() answers with UNAVAILABLE when the file is closed', async (t) => {
  const db = openTestDb(t);
  const mirror = makeMirror(db, makeBus());
  db.$client.close();
  await assert.rejects(mirror.write([{ type: 'session', snapshot: snapshotOf() }]), { code: 'UNAVAILABLE' });
});

/** Shuffles, repeats and cuts the writes into batches. */
function disorder(): fc.Arbitrary<(writes: MirrorWrite[]) => MirrorWrite[][]> {
  return fc.infiniteStream(fc.nat({ max: 1_000 })).map((numbers) => (writes) => {
    const draw = (): number => (numbers.next().value as number | undefined) ?? 0;
    const repeated = writes.flatMap((write) => (draw() % 3 === 0 ? [write, write] : [write]));
    const keyed = repeated.map((write) => ({ write, order: draw() }));
    const shuffled = keyed.sort((a, b) => a.order - b.order).map(({ write }) => write);
    const batches: MirrorWrite[][] = [[]];
    for (const write of shuffled) {
      if (draw() % 4 === 0) batches.push([]);
      batches.at(-1)?.push(write);
    }
    return batches;
  });
}

async function applyAll(db: Database, batches: MirrorWrite[][]): Promise<void> {
  db.$client.exec('DELETE FROM claude_code_sessions');
  const mirror = makeMirror(db, makeBus());
  for (const batch of batches) await mirror.write(batch);
}

function rowsOf(db: Database): unknown {
  const all = (sql: string): unknown[] => db.$client.prepare(sql).all();
  return {
    sessions: all(`SELECT id, user_id, status, cost_nano, cost_usd, message_count, version, reason, options, ended_at,
      last_activity, started_at, queued, running, agent_seq FROM claude_code_sessions`),
    messages: all(`SELECT id, session_id, direction, message, timestamp, cost_nano, cost_usd, status, context, reply_to,
      failure, simulated, provisional FROM claude_code_messages ORDER BY id`),
    models: all(`SELECT m.id, t.model, t.input_tokens, t.output_tokens, t.cache_read_tokens, t.cache_creation_tokens,
      t.cost_nano FROM turn_models t JOIN claude_code_messages m ON m.key = t.message_key ORDER BY m.id, t.model`),
    ahead: all('SELECT * FROM agent_events_ahead'),
    texts: all('SELECT count(*) AS n FROM session_events WHERE type IN (1, 3, 4)'),
  };
}

function assertSumsAgree(db: Database): void {
  const one = (sql: string): unknown => db.$client.prepare(sql).pluck().get();
  const session = one('SELECT coalesce(sum(cost_nano), 0) FROM claude_code_sessions');
  assert.equal(one('SELECT coalesce(sum(cost_nano), 0) FROM claude_code_messages'), session);
  assert.equal(one('SELECT coalesce(sum(cost_nano), 0) FROM turn_models'), session);
  assert.equal(one('SELECT coalesce(sum(cost_nano), 0) FROM claude_code_session_stats'), session);
  assert.equal(
    one('SELECT coalesce(sum(message_count), 0) FROM claude_code_session_stats'),
    one('SELECT coalesce(sum(message_count), 0) FROM claude_code_sessions'),
  );
  const waiting = one("SELECT count(*) FROM claude_code_messages WHERE direction = 'to_claude' AND status = 'queued'");
  assert.equal(one('SELECT coalesce(sum(queued), 0) FROM claude_code_sessions'), waiting);
}

function assertStreamWhole(db: Database): void {
  const numbers = db.$client.prepare('SELECT seq FROM session_events ORDER BY seq').pluck().all();
  assert.deepEqual(
    numbers,
    numbers.map((_, index) => index + 1),
  );
}

test('makeMirror() counts a message that waits for a person as running, and as sent again once it is decided', async (t) => {
  const db = openTestDb(t);
  const [message_id, interaction_id] = ['m-1', '5b7c1f0e-0d0c-4c55-8a5e-2a3a9a5f0a11'];
  const timestamp = at(1);
  const detail = { tool: 'Bash', input: {}, summary: 'ls', reason: '', blocked_path: null, suggestions: [] };
  const unanswered = { answer: null, answered_by: null, answered_via: null, withdrawn_reason: null };
  const asked = { interaction_id, session_id: 's-1', message_id, kind: 'permission' as const, detail, ...unanswered };
  const open = { status: 'open' as const, title: 'Bash: ls', created_at: timestamp, expires_at: null };
  const interaction = { ...asked, ...open, answered_at: null };
  const end = { interaction_id, message_id, status: 'expired' as const, settled_at: timestamp, ...unanswered };
  const shown = (): unknown[] =>
    db.$client
      .prepare(
        `SELECT m.status, s.running FROM claude_code_messages m JOIN claude_code_sessions s ON s.key = m.session_key
         WHERE m.direction = 'to_claude'`,
      )
      .raw()
      .all();
  const agent = (seq: number, event: AgentEvent): MirrorWrite => ({ type: 'agent', session_id: 's-1', seq, event });
  const mirror = makeMirror(db, makeBus());
  await mirror.write([
    { type: 'session', snapshot: snapshotOf() },
    agent(1, { type: 'accepted', timestamp, message_id, content: 'list it' }),
    agent(2, { type: 'interaction', timestamp, message_id, interaction }),
  ]);
  assert.deepEqual(shown(), [['waiting', 1]]);
  const decided: MirrorWrite = { type: 'interaction', session_id: 's-1', end };
  await mirror.write([decided]);
  await mirror.write([agent(2, { type: 'interaction', timestamp, message_id, interaction }), decided]);
  assert.deepEqual(shown(), [['sent', 1]]);
});
