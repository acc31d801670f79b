import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import fc from 'fast-check';
import { Budgets } from '../../../db/budgets/budgets.ts';
import { makeBus } from '../../../db/events/bus.ts';
import { makeMirror } from '../../../db/mirror/mirror.ts';
import type { SqliteMirror } from '../../../db/mirror/mirror.ts';
import type { Database } from '../../../db/file/open.ts';
import type { BudgetInput } from '../../../domain/money/budget.ts';
import { at, exchange, history, snapshotOf } from '../../support/histories.ts';
import { openTestDb } from '../../support/open-test-db.ts';

const NOW = Date.parse(at(60));
const CENT = 10_000_000;

const spender = { session_id: 's-1', user_id: 'u-1', project_path: '/projects/one' };
const turn = (message_id: string): typeof spender & { message_id: string } => ({ ...spender, message_id });

function daily(over: Partial<BudgetInput> = {}): BudgetInput {
  return {
    scope: 'user',
    scope_id: 'u-1',
    period: 'day',
    limit_nano: 10 * CENT,
    at_limit: 'pause',
    alert_at: [0.5, 1],
    time_zone: 'UTC',
    ...over,
  };
}

function open(t: TestContext): { db: Database; budgets: Budgets; mirror: SqliteMirror } {
  const db = openTestDb(t);
  const budgets = new Budgets(db);
  return { db, budgets, mirror: makeMirror(db, makeBus(), { budgets }) };
}

async function spend(mirror: SqliteMirror, number: number, cost_nano: number, finished_at = at(60)): Promise<void> {
  const writes = exchange('s-1', number, number * 3 - 2, { cost_nano, usage: [], finished_at });
  await mirror.write([{ type: 'session', snapshot: snapshotOf() }, ...writes]);
}

test('Budgets: a budget that is set later has what was spent in its period', async (t) => {
  const { budgets, mirror } = open(t);
  await spend(mirror, 1, CENT);
  await spend(mirror, 2, 5 * CENT, '2024-01-14T23:59:59.000Z');
  assert.equal(budgets.put(daily(), NOW).spent_nano, CENT);
});

test('Budgets: the same scope and period is the same budget', (t) => {
  const { budgets } = open(t);
  const first = budgets.put(daily(), NOW);
  const second = budgets.put(daily({ limit_nano: 20 * CENT }), NOW);
  assert.deepEqual([second.budget_id, second.limit_nano, budgets.list(NOW).length], [first.budget_id, 20 * CENT, 1]);
});

test('Budgets: a result is booked to each budget that covers its session, and to no other', async (t) => {
  const { budgets, mirror } = open(t);
  const scopes = [
    daily(),
    daily({ scope: 'session', scope_id: 's-1' }),
    daily({ scope: 'project', scope_id: '/projects/one', period: 'month' }),
    daily({ scope: 'system', scope_id: '', period: 'total' }),
    daily({ scope_id: 'u-2' }),
  ];
  for (const input of scopes) budgets.put(input, NOW);
  await spend(mirror, 1, 3 * CENT);
  assert.deepEqual(
    budgets.list(NOW).map(({ spent_nano }) => spent_nano / CENT),
    [3, 3, 3, 3, 0],
  );
});

test('Budgets: a repeated result is booked once', async (t) => {
  const { budgets, mirror } = open(t);
  budgets.put(daily(), NOW);
  await spend(mirror, 1, 3 * CENT);
  await spend(mirror, 1, 3 * CENT);
  assert.equal(budgets.list(NOW)[0]?.spent_nano, 3 * CENT);
});

test('Budgets: the next day begins at zero, and a late result of the day before does not count in it', async (t) => {
  const { budgets, mirror } = open(t);
  budgets.put(daily(), NOW);
  await spend(mirror, 1, 3 * CENT);
  await spend(mirror, 2, CENT, '2024-01-16T08:00:00.000Z');
  await spend(mirror, 3, 4 * CENT, '2024-01-15T23:00:00.000Z');
  const [budget] = budgets.list(Date.parse('2024-01-16T09:00:00Z'));
  assert.deepEqual([budget?.spent_nano, budget?.period_start], [CENT, '2024-01-16T00:00:00.000Z']);
});

test('Budgets: a session that no budget covers is free and holds no grant', (t) => {
  const { db, budgets } = open(t);
  budgets.put(daily({ scope_id: 'u-2' }), NOW);
  assert.deepEqual(budgets.grant(turn('m-1'), NOW), { type: 'free' });
  assert.equal(db.$client.prepare('SELECT count(*) FROM budget_grants').pluck().get(), 0);
});

test('Budgets: a budget that only alerts refuses nothing', async (t) => {
  const { budgets, mirror } = open(t);
  budgets.put(daily({ at_limit: 'alert' }), NOW);
  await spend(mirror, 1, 20 * CENT);
  assert.deepEqual(budgets.grant(turn('m-2'), NOW), { type: 'free' });
});

test('Budgets: the same turn has the same grant, and an extension is the whole grant', (t) => {
  const { budgets } = open(t);
  budgets.put(daily({ limit_nano: 3 * CENT }), NOW);
  const granted = (amount_nano: number): object => ({ type: 'granted', amount_nano });
  assert.deepEqual(budgets.grant(turn('m-1'), NOW), granted(CENT));
  assert.deepEqual(budgets.grant(turn('m-1'), NOW), granted(CENT));
  assert.deepEqual(budgets.extend(turn('m-1'), NOW), granted(2 * CENT));
});

test('Budgets: a turn is refused when nothing is left, and granted after the limit is raised', async (t) => {
  const { budgets, mirror } = open(t);
  budgets.put(daily({ limit_nano: CENT }), NOW);
  await spend(mirror, 1, CENT);
  const refused = budgets.grant(turn('m-2'), NOW);
  assert.equal(refused.type, 'refused');
  budgets.put(daily({ limit_nano: 2 * CENT }), NOW);
  assert.deepEqual(budgets.grant(turn('m-2'), NOW), { type: 'granted', amount_nano: CENT });
});

test('Budgets: the result of a turn returns what its grant did not spend', async (t) => {
  const { budgets, mirror } = open(t);
  budgets.put(daily(), NOW);
  budgets.grant(turn('s-1-m-1'), NOW);
  assert.equal(budgets.list(NOW)[0]?.reserved_nano, Math.floor((10 * CENT) / 8));
  await spend(mirror, 1, 3);
  assert.deepEqual(
    budgets.list(NOW).map(({ spent_nano, reserved_nano }) => [spent_nano, reserved_nano]),
    [[3, 0]],
  );
});

test('Budgets: reconcile() returns the grant of a session that has ended', async (t) => {
  const { budgets, mirror } = open(t);
  budgets.put(daily(), NOW);
  await mirror.write([{ type: 'session', snapshot: snapshotOf() }]);
  budgets.grant(turn('m-9'), NOW);
  assert.equal(budgets.reconcile(), 0);
  await mirror.write([{ type: 'session', snapshot: snapshotOf({ version: 2, status: 'error', reason: 'gone' }) }]);
  assert.deepEqual([budgets.reconcile(), budgets.list(NOW)[0]?.reserved_nano], [1, 0]);
});

test('Budgets: whatever is granted, extended and settled, spent + reserved never passes the limit by a grant', (t) => {
  const { budgets } = open(t);
  const step = fc.record({ kind: fc.constantFrom('grant', 'extend', 'settle'), turn: fc.integer({ min: 1, max: 8 }) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), fc.integer({ min: 0, max: 20 }), (steps, cents) => {
      budgets.put(daily({ limit_nano: cents * CENT }), NOW);
      for (const { kind, turn: number } of steps) {
        if (kind === 'settle') budgets.settle(`m-${number}`);
        else budgets[kind](turn(`m-${number}`), NOW);
        const budget = budgets.list(NOW)[0]!;
        assert.ok(budget.spent_nano + budget.reserved_nano <= budget.limit_nano);
      }
      for (let number = 1; number <= 8; number += 1) budgets.settle(`m-${number}`);
    }),
    { seed: 13, numRuns: 100 },
  );
});

test('Budgets, sums and messages agree to the nano-dollar, also after a rebuild', async (t) => {
  await fc.assert(
    fc.asyncProperty(history, async (writes) => {
      const { db, budgets, mirror } = open(t);
      for (const period of ['total', 'day', 'month'] as const) budgets.put(daily({ period }), NOW);
      await mirror.write(writes);
      const messages = (): unknown =>
        db.$client.prepare('SELECT coalesce(sum(cost_nano), 0) FROM claude_code_messages').pluck().get();
      const expected = messages();
      for (const rebuilt of [false, true]) {
        if (rebuilt) await mirror.rebuild('s-1', async () => writes);
        assert.deepEqual(
          [messages(), sumOf(db, '= 0'), sumOf(db, '> 0'), ...budgets.list(NOW).map(({ spent_nano }) => spent_nano)],
          [expected, expected, expected, expected, expected, expected],
        );
        assert.deepEqual(budgets.drifts(), []);
      }
    }),
    { seed: 13, numRuns: 60 },
  );
});

function sumOf(db: Database, models: string): unknown {
  return db.$client.prepare(`SELECT coalesce(sum(cost_nano), 0) FROM cost_sums WHERE model_id ${models}`).pluck().get();
}
