import { createHash } from 'node:crypto';
import { and, eq, sql } from 'drizzle-orm';
import { covers, crossedLevels, grantOf, leftOf } from '../../domain/money/budget.ts';
import type { BudgetInput, BudgetState, Spender } from '../../domain/money/budget.ts';
import type { NanoUsd } from '../../domain/money/money.ts';
import type { Database } from '../file/open.ts';
import { budgetGrants, budgets } from '../schema/budgets.ts';
import { periodAt } from './period.ts';
import type { Period } from './period.ts';

type BudgetRow = typeof budgets.$inferSelect;
type Known = Pick<BudgetRow, 'budget_id' | 'scope' | 'scope_id' | 'at_limit'>;

/** A turn that wants to spend. `most_nano` is the caller's own limit for it. */
export interface SpendingTurn extends Spender {
  message_id: string;
  most_nano?: NanoUsd;
}

/** The answer to a turn: no budget covers it, it may spend so much before it asks again, or a budget has nothing left. */
export type Grant =
  { type: 'free' } | { type: 'granted'; amount_nano: NanoUsd } | { type: 'refused'; budget: BudgetState };

/** A budget whose spending passed an alert level. */
export interface Crossing {
  budget: BudgetState;
  level: number;
}

const LARGEST_GRANT_LIMIT = Number.MAX_SAFE_INTEGER;

/**
 * The budgets: primary data of the API, in its own file. What is spent is booked in the transaction that mirrors a turn's
 * result; what is reserved is the sum of the grants of running turns. spent + reserved never passes a limit by a grant.
 */
export class Budgets {
  readonly #db: Database;
  /** What exists, so that a session without a budget costs no statement. */
  #known: Known[];

  constructor(db: Database) {
    this.#db = db;
    this.#known = this.#read();
  }

  /** Sets a budget; the same scope and period is the same budget, which keeps what was spent. */
  put(input: BudgetInput, nowMs: number): BudgetState {
    const budget_id = budgetId(input);
    const now = new Date(nowMs).toISOString();
    const period = periodAt(input.period, input.time_zone, nowMs);
    this.#db.transaction(
      (tx) => {
        const spent_nano = this.#spentSince(input, period);
        const row = { ...input, alert_at: [...input.alert_at], budget_id, ...period, spent_nano, updated_at: now };
        tx.insert(budgets)
          .values({ ...row, created_at: now })
          .onConflictDoUpdate({ target: budgets.budget_id, set: row })
          .run();
      },
      { behavior: 'immediate' },
    );
    this.#reload();
    return this.find(budget_id, nowMs)!;
  }

  find(budgetId: string, nowMs: number): BudgetState | null {
    const [row] = this.#current(
      this.#known.filter(({ budget_id }) => budget_id === budgetId),
      nowMs,
    ).rows;
    return row === undefined ? null : this.#stateOf(row);
  }

  /** All of them, oldest first. */
  list(nowMs: number): BudgetState[] {
    return this.#current(this.#known, nowMs).rows.map((row) => this.#stateOf(row));
  }

  /** False when there is no such budget. */
  remove(budgetId: string): boolean {
    const removed = this.#db.delete(budgets).where(eq(budgets.budget_id, budgetId)).run().changes > 0;
    this.#reload();
    return removed;
  }

  /** Reserves what a turn may spend, in every budget that covers it or in none. The same turn again has the same grant. */
  grant(turn: SpendingTurn, nowMs: number): Grant {
    return this.#reserve(turn, nowMs, false);
  }

  /** Reserves more for a turn that has nearly spent its grant. `amount_nano` is the whole grant from then on. */
  extend(turn: SpendingTurn, nowMs: number): Grant {
    return this.#reserve(turn, nowMs, true);
  }

  /** Returns the unused part of a turn's grant; call it in the transaction that books the result. */
  settle(messageId: string): void {
    if (this.#known.length === 0) return;
    this.#db.delete(budgetGrants).where(eq(budgetGrants.message_id, messageId)).run();
  }

  /**
   * Adds a settled turn to every budget that covers it, in the caller's transaction. A turn that ended before the current
   * period began belongs to an earlier one. Returns the alert levels that were crossed.
   */
  book(spender: Spender, costNano: NanoUsd, at: string): Crossing[] {
    const known = this.#covering(spender);
    if (known.length === 0 || costNano === 0) return [];
    // The sums already have this turn, and so has the new period of a budget that turns over now.
    const { rows, turned } = this.#current(known, Date.parse(at));
    return rows.flatMap((row) => {
      if (turned.has(row.budget_id)) return this.#crossed(row, row.spent_nano - costNano);
      if (row.period_start !== null && at < row.period_start) return [];
      const spent_nano = row.spent_nano + costNano;
      this.#db.update(budgets).set({ spent_nano }).where(eq(budgets.budget_id, row.budget_id)).run();
      return this.#crossed({ ...row, spent_nano }, row.spent_nano);
    });
  }

  /** Computes again what was spent, from the sums: after a session was rebuilt. */
  recount(spender: Spender): void {
    // At time 0 no period is over: each keeps its own, which its next use ends if it is time.
    for (const row of this.#current(this.#covering(spender), 0).rows) {
      const spent_nano = this.#spentSince(row, row);
      this.#db.update(budgets).set({ spent_nano }).where(eq(budgets.budget_id, row.budget_id)).run();
    }
  }

  /** Returns the grants whose turn can no longer spend: the message is settled, or its session has ended. Reports how many. */
  reconcile(): number {
    return this.#db.$client
      .prepare(
        `DELETE FROM budget_grants WHERE message_id IN (
           SELECT g.message_id FROM budget_grants g
           LEFT JOIN claude_code_messages m ON m.id = g.message_id
           LEFT JOIN claude_code_sessions s ON s.id = g.session_id
           WHERE m.status NOT IN ('queued', 'sent', 'waiting') OR s.status IN ('disconnected', 'error'))`,
      )
      .run().changes;
  }

  /** Budgets whose `spent_nano` differs from the sums, for `mirror check`. */
  drifts(): { budget_id: string; spent_nano: NanoUsd; expected_nano: NanoUsd }[] {
    return this.#db
      .select()
      .from(budgets)
      .all()
      .map((row) => ({
        budget_id: row.budget_id,
        spent_nano: row.spent_nano,
        expected_nano: this.#spentSince(row, row),
      }))
      .filter(({ spent_nano, expected_nano }) => spent_nano !== expected_nano);
  }

  #reserve(turn: SpendingTurn, nowMs: number, more: boolean): Grant {
    const pausing = this.#covering(turn).filter(({ at_limit }) => at_limit === 'pause');
    if (pausing.length === 0 && turn.most_nano === undefined) return { type: 'free' };
    return this.#db.transaction(
      () => {
        const states = this.#current(pausing, nowMs).rows.map((row) => this.#stateOf(row));
        const held = this.#db.select().from(budgetGrants).where(eq(budgetGrants.message_id, turn.message_id)).get();
        const held_nano = held?.amount_nano ?? 0;
        if (held !== undefined && !more) return { type: 'granted', amount_nano: held_nano };
        const empty = states.find((state) => leftOf(state) === 0);
        if (empty !== undefined) return { type: 'refused', budget: empty };
        const left = Math.min(LARGEST_GRANT_LIMIT, ...states.map(leftOf));
        const most = turn.most_nano ?? LARGEST_GRANT_LIMIT;
        const amount_nano = Math.min(held_nano + grantOf(left), most);
        const { message_id, session_id, user_id, project_path } = turn;
        const created_at = new Date(nowMs).toISOString();
        this.#db
          .insert(budgetGrants)
          .values({ message_id, session_id, user_id, project_path, amount_nano, created_at })
          .onConflictDoUpdate({ target: budgetGrants.message_id, set: { amount_nano } })
          .run();
        return { type: 'granted', amount_nano };
      },
      { behavior: 'immediate' },
    );
  }

  #covering(spender: Spender): Known[] {
    return this.#known.filter((budget) => covers(budget, spender));
  }

  /** The rows as they are now; a period that is over at `nowMs` gives way to the next one. */
  #current(known: Known[], nowMs: number): { rows: BudgetRow[]; turned: Set<string> } {
    const now = new Date(nowMs).toISOString();
    const turned = new Set<string>();
    const rows = known.flatMap(({ budget_id }) => {
      const row = this.#db.select().from(budgets).where(eq(budgets.budget_id, budget_id)).get();
      if (row === undefined) return [];
      if (row.period_end === null || row.period_end > now) return [row];
      const period = periodAt(row.period, row.time_zone, nowMs);
      const next = { ...row, ...period, spent_nano: this.#spentSince(row, period) };
      this.#db.update(budgets).set(next).where(eq(budgets.budget_id, budget_id)).run();
      turned.add(budget_id);
      return [next];
    });
    return { rows, turned };
  }

  #crossed(row: BudgetRow, before: NanoUsd): Crossing[] {
    const budget = this.#stateOf(row);
    return crossedLevels(budget, before, row.spent_nano).map((level) => ({ budget, level }));
  }

  #reload(): void {
    this.#known = this.#read();
  }

  #read(): Known[] {
    const { budget_id, scope, scope_id, at_limit } = budgets;
    return this.#db
      .select({ budget_id, scope, scope_id, at_limit })
      .from(budgets)
      .orderBy(budgets.created_at, budget_id)
      .all();
  }

  #stateOf({ created_at: _created, updated_at: _updated, ...row }: BudgetRow): BudgetState {
    const of = {
      session: eq(budgetGrants.session_id, row.scope_id),
      user: eq(budgetGrants.user_id, row.scope_id),
      project: eq(budgetGrants.project_path, row.scope_id),
      system: sql`true`,
    }[row.scope];
    const reserved = this.#db
      .select({ sum: sql<number>`coalesce(sum(${budgetGrants.amount_nano}), 0)` })
      .from(budgetGrants)
      .where(and(of))
      .get();
    return { ...row, reserved_nano: reserved?.sum ?? 0 };
  }

  #spentSince({ scope, scope_id }: Pick<BudgetInput, 'scope' | 'scope_id'>, { period_start }: Period): NanoUsd {
    const column = { session: 's.id', user: 's.user_id', project: 's.project_path', system: '' }[scope];
    const where = scope === 'system' ? 'true' : `${column} = @scope_id`;
    return this.#db.$client
      .prepare<[object], number>(
        `SELECT coalesce(sum(c.cost_nano), 0) FROM cost_sums c JOIN claude_code_sessions s ON s.key = c.session_key
         WHERE c.model_id = 0 AND c.slot >= @slot AND ${where}`,
      )
      .pluck()
      .get({ slot: period_start === null ? 0 : Date.parse(period_start) / 900_000, scope_id })!;
  }
}

/** The same scope and period is the same budget. */
function budgetId({ scope, scope_id, period }: BudgetInput): string {
  return `bud_${createHash('sha256')
    .update(JSON.stringify([scope, scope_id, period]))
    .digest('hex')
    .slice(0, 24)}`;
}
