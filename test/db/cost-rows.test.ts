import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import fc from 'fast-check';
import { makeBus } from '../../db/events/bus.ts';
import { makeMirror } from '../../db/mirror/mirror.ts';
import { makeCostRows } from '../../db/reports/cost-rows.ts';
import { makeShowCost } from '../../db/queries/show-cost.ts';
import type { CostQuestion, CostRows } from '../../domain/money/cost-rows.ts';
import { usdToNano } from '../../domain/money/money.ts';
import { exchange, snapshotOf, usageOf } from '../support/histories.ts';
import { openTestDb } from '../support/open-test-db.ts';

interface Turn {
  session: string;
  user: string;
  at: string;
  cost_nano: number | null;
  model: string;
}

type Ask = (over?: Partial<CostQuestion>) => CostRows;

/** A database in which these turns are mirrored, in order, and its question. */
async function open(t: Pick<TestContext, 'after'>, turns: Turn[]): Promise<Ask> {
  const db = openTestDb(t);
  const mirror = makeMirror(db, makeBus());
  const counts = new Map<string, number>();
  for (const { session, user, at, cost_nano, model } of turns) {
    const number = (counts.get(session) ?? 0) + 1;
    counts.set(session, number);
    const snapshot = snapshotOf({ session_id: session, user_id: user, project_path: `/projects/${user}` });
    const usage = cost_nano === null ? [] : [usageOf(model, cost_nano)];
    const writes = exchange(session, number, number * 3 - 2, { cost_nano, usage, finished_at: at });
    await mirror.write([{ type: 'session', snapshot }, ...writes]);
  }
  const rows = makeCostRows(db, makeShowCost(true));
  return (over = {}) => rows({ user_id: null, group_by: 'day', time_zone: 'UTC', ...over });
}

const keysAndCosts = ({ rows }: CostRows): [string, number | null][] =>
  rows.map(({ key, cost_usd }) => [key, cost_usd]);

test('a day begins at midnight in the time zone, also when the clocks change', async (t) => {
  const turn = { session: 's-1', user: 'ann', model: 'm', cost_nano: 1_000_000_000 };
  const ask = await open(t, [
    { ...turn, at: '2026-03-28T22:59:59.000Z' },
    { ...turn, at: '2026-03-28T23:00:00.000Z' },
    { ...turn, at: '2026-03-29T21:59:59.000Z' },
    { ...turn, at: '2026-03-29T22:00:00.000Z' },
  ]);
  const berlin = keysAndCosts(ask({ time_zone: 'Europe/Berlin' })).filter(([, usd]) => usd !== 0);
  assert.deepEqual(berlin, [
    ['2026-03-28', 1],
    ['2026-03-29', 2],
    ['2026-03-30', 1],
  ]);
});

test('a turn whose cost is not known makes its sums a lower bound', async (t) => {
  const turn = { session: 's-1', user: 'ann', model: 'm' };
  const ask = await open(t, [
    { ...turn, at: '2026-11-25T10:00:00.000Z', cost_nano: 5 },
    { ...turn, at: '2026-11-25T11:00:00.000Z', cost_nano: null },
  ]);
  const { total } = ask({ since: '2026-11-25T00:00:00.000Z' });
  assert.deepEqual([total.cost_usd, total.certainty, total.unknown_count], [5e-9, 'unknown', 1]);
  assert.equal(
    ask({ since: '2026-11-25T00:00:00.000Z', until: '2026-11-25T11:00:00.000Z' }).total.certainty,
    'reported',
  );
});

test('every grouping adds up to the total and to the turns, to the nano-dollar', async () => {
  const turns = fc.array(
    fc.record({
      session: fc.constantFrom('s-1', 's-2', 's-3'),
      at: fc
        .integer({ min: 0, max: 96 * 400 })
        .map((slot) => new Date(Date.UTC(2026, 0, 1) + slot * 900_000).toISOString()),
      cost_nano: fc.option(fc.integer({ min: 0, max: 5_000_000_000 })),
      model: fc.constantFrom('opus', 'sonnet'),
    }),
    { minLength: 1, maxLength: 12 },
  );
  await fc.assert(
    fc.asyncProperty(turns, fc.constantFrom('UTC', 'Asia/Kathmandu', 'America/St_Johns'), async (list, time_zone) => {
      const ended: (() => void)[] = [];
      const scope = { after: (end: () => void) => void ended.push(end) } as Pick<TestContext, 'after'>;
      try {
        const owned = list.map((turn) => ({ ...turn, user: turn.session === 's-3' ? 'bob' : 'ann' }));
        const ask = await open(scope, owned);
        const sum = (of: typeof owned): number => of.reduce((total, { cost_nano }) => total + (cost_nano ?? 0), 0);
        for (const user_id of [null, 'ann', 'bob']) {
          const mine = owned.filter(({ user }) => user_id === null || user === user_id);
          for (const group_by of ['day', 'project', 'user', 'model', 'session'] as const) {
            const { rows, total } = ask({ user_id, group_by, time_zone });
            const nano = rows.map(({ cost_usd }) => usdToNano(cost_usd ?? 0)).reduce((one, other) => one + other, 0);
            assert.deepEqual([nano, usdToNano(total.cost_usd ?? 0)], [sum(mine), sum(mine)]);
            assert.equal(total.message_count, mine.length);
          }
        }
      } finally {
        for (const end of ended) end();
      }
    }),
    { numRuns: 25, seed: 13 },
  );
});
