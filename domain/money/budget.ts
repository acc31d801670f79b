import type { NanoUsd } from './money.ts';

/** What a budget covers: one session, all sessions of a user or of a project, or everything. */
export const BUDGET_SCOPES = ['session', 'user', 'project', 'system'] as const;
export type BudgetScope = (typeof BUDGET_SCOPES)[number];

/** Over which time a budget counts; `day` and `month` begin anew at midnight in the budget's time zone. */
export const BUDGET_PERIODS = ['total', 'day', 'month'] as const;
export type BudgetPeriod = (typeof BUDGET_PERIODS)[number];

/** What happens at the limit: sessions pause until it is raised, or people are only told. */
export const AT_LIMIT = ['pause', 'alert'] as const;
export type AtLimit = (typeof AT_LIMIT)[number];

/** What a caller sets. `scope_id` is the session's or user's id or the project's path, and empty for `system`. */
export interface BudgetInput {
  scope: BudgetScope;
  scope_id: string;
  period: BudgetPeriod;
  limit_nano: NanoUsd;
  at_limit: AtLimit;
  alert_at: readonly number[];
  /** IANA name, such as `Europe/Berlin`. */
  time_zone: string;
}

/** A budget and where it stands. Money is in nano-dollars. */
export interface BudgetState extends BudgetInput {
  budget_id: string;
  /** Settled turns of the current period. */
  spent_nano: NanoUsd;
  /** What running turns may still spend. */
  reserved_nano: NanoUsd;
  /** ISO 8601 UTC; null for `total`. */
  period_start: string | null;
  period_end: string | null;
}

/** The owner of a turn, as budgets look at it. */
export interface Spender {
  session_id: string;
  user_id: string;
  project_path: string;
}

/** Whether the budget covers what this session spends. */
export function covers({ scope, scope_id }: Pick<BudgetInput, 'scope' | 'scope_id'>, spender: Spender): boolean {
  if (scope === 'system') return true;
  if (scope === 'session') return spender.session_id === scope_id;
  return scope === 'user' ? spender.user_id === scope_id : spender.project_path === scope_id;
}

/** What may still be granted: never below zero. */
export function leftOf(budget: Pick<BudgetState, 'limit_nano' | 'spent_nano' | 'reserved_nano'>): NanoUsd {
  return Math.max(0, budget.limit_nano - budget.spent_nano - budget.reserved_nano);
}

/** How a budget is doing: `warning` from its first alert level on, `exhausted` when its limit is spent. */
export function budgetHealth(budget: BudgetState): 'ok' | 'warning' | 'exhausted' {
  const share = budget.limit_nano === 0 ? 1 : budget.spent_nano / budget.limit_nano;
  if (share >= 1) return 'exhausted';
  return share >= Math.min(1, ...budget.alert_at) ? 'warning' : 'ok';
}

/** The alert levels that spending crossed when it grew from `before` to `after`, lowest first. */
export function crossedLevels(
  budget: Pick<BudgetState, 'limit_nano' | 'alert_at'>,
  before: NanoUsd,
  after: NanoUsd,
): number[] {
  return [...new Set(budget.alert_at)]
    .filter((level) => before < level * budget.limit_nano && after >= level * budget.limit_nano)
    .sort((one, other) => one - other);
}

/** One grant is between these, so that many turns share a budget and one turn seldom asks twice. */
const SMALLEST_GRANT: NanoUsd = 10_000_000;
const LARGEST_GRANT: NanoUsd = 1_000_000_000;
const SHARE_OF_LEFT = 8;

/** How much of what is left one turn may reserve at a time; zero when nothing is left. */
export function grantOf(left: NanoUsd): NanoUsd {
  const share = Math.floor(left / SHARE_OF_LEFT);
  return Math.min(left, LARGEST_GRANT, Math.max(SMALLEST_GRANT, share));
}
