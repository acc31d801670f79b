import { parentPort, workerData } from 'node:worker_threads';
import BetterSqlite3 from 'better-sqlite3';
import type { CostRows } from '../../domain/money/cost-rows.ts';
import type { CostReport } from '../../domain/service-data.ts';
import { makeCostRows } from './cost-rows.ts';
import { makeCostQueries } from '../queries/costs.ts';
import { makeSearch } from '../queries/search.ts';
import { makeShowCost } from '../queries/show-cost.ts';
import type { ReportAnswer, ReportCall, ReportThreadData } from './report-call.ts';

// The entry of the thread that `makeReports` starts: one connection, for reading only, one question after another.
const { path, trackCosts } = workerData as ReportThreadData;
const client = new BetterSqlite3(path, { readonly: true });
const showCost = makeShowCost(trackCosts);
const costs = makeCostQueries({ $client: client }, showCost);
const costRows = makeCostRows({ $client: client }, showCost);
const search = makeSearch({ $client: client });

function resultOf(call: ReportCall): CostReport | CostRows | number[] {
  if (call.type === 'cost') return costs.report(call.userId, call.filter);
  return call.type === 'costs' ? costRows(call.question) : search(call.query);
}

function answer(call: ReportCall): ReportAnswer {
  try {
    return { id: call.id, result: resultOf(call) };
  } catch (error) {
    const code = error instanceof BetterSqlite3.SqliteError ? error.code : null;
    return { id: call.id, error: { message: error instanceof Error ? error.message : String(error), code } };
  }
}

parentPort?.on('message', (call: ReportCall) => parentPort?.postMessage(answer(call)));
