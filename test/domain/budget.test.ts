import assert from 'node:assert/strict';
import { test } from 'node:test';
import { budgetHealth, covers, crossedLevels, grantOf, leftOf } from '../../domain/money/budget.ts';
import type { BudgetState } from '../../domain/money/budget.ts';

const budget: BudgetState = {
  budget_id: 'bud_1',
  scope: 'user',
  scope_id: 'u-1',
  period: 'total',
  limit_nano: 1_000,
  at_limit: 'pause',
  alert_at: [0.5, 0.8, 1],
  time_zone: 'UTC',
  spent_nano: 0,
  reserved_nano: 0,
  period_start: null,
  period_end: null,
};

test('budgetHealth() warns from the first alert level and is exhausted at the limit', () => {
  const health = [499, 500, 999, 1_000, 1_001].map((spent_nano) => budgetHealth({ ...budget, spent_nano }));
  assert.deepEqual(health, ['ok', 'warning', 'warning', 'exhausted', 'exhausted']);
});

test('budgetHealth() calls a budget of nothing exhausted', () => {
  assert.equal(budgetHealth({ ...budget, limit_nano: 0 }), 'exhausted');
});

test('covers() compares the id of its scope, and everything belongs to the system', () => {
  const spender = { session_id: 's-1', user_id: 'u-1', project_path: '/p' };
  const scopes = [
    { scope: 'user', scope_id: 'u-1' },
    { scope: 'session', scope_id: 'u-1' },
    { scope: 'project', scope_id: '/p' },
    { scope: 'system', scope_id: '' },
  ] as const;
  assert.deepEqual(
    scopes.map((scope) => covers(scope, spender)),
    [true, false, true, true],
  );
});

test('crossedLevels() names each level that was passed, once, lowest first', () => {
  assert.deepEqual(crossedLevels({ ...budget, alert_at: [1, 0.5, 0.5] }, 400, 1_200), [0.5, 1]);
  assert.deepEqual(crossedLevels(budget, 500, 799), []);
});

test('leftOf() counts what running turns reserved, and is never negative', () => {
  assert.deepEqual(
    [leftOf({ ...budget, spent_nano: 300, reserved_nano: 200 }), leftOf({ ...budget, spent_nano: 2_000 })],
    [500, 0],
  );
});

test('grantOf() is an eighth of what is left, within a cent and a dollar, and never more than is left', () => {
  assert.deepEqual(
    [0, 5_000_000, 40_000_000, 800_000_000, 80_000_000_000].map(grantOf),
    [0, 5_000_000, 10_000_000, 100_000_000, 1_000_000_000],
  );
});
