import type { CostQuestion, CostRows } from '../../domain/money/cost-rows.ts';
import type { CostFilter, CostReport } from '../../domain/service-data.ts';
import type { SearchQuery } from '../queries/search.ts';

/** What the thread is started with. */
export interface ReportThreadData {
  path: string;
  trackCosts: boolean;
}

/** A question to the thread. */
export type ReportCall =
  | { id: number; type: 'cost'; userId: string | null; filter: CostFilter }
  | { id: number; type: 'costs'; question: CostQuestion }
  | { id: number; type: 'search'; query: SearchQuery };

/** Its answer: what the question asks for, or an error, with SQLite's code where it is SQLite's. */
export type ReportAnswer =
  | { id: number; result: CostReport | CostRows | number[] }
  | { id: number; error: { message: string; code: string | null } };
