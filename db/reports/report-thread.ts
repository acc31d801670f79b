import { parentPort, workerData } from 'node:worker_threads';
import BetterSqlite3 from 'better-sqlite3';
import { makeCostQueries } from '../queries/costs.ts';
import { makeSearch } from '../queries/search.ts';
import { makeShowCost } from '../queries/show-cost.ts';
import type { ReportAnswer, ReportCall, ReportThreadData } from './report-call.ts';

// The entry of the thread that `makeReports` starts: one connection, for reading only, one question after another.
const { path, trackCosts } = workerData as ReportThreadData;
const client = new BetterSqlite3(path, { readonly: true });
const costs = makeCostQueries({ $client: client }, makeShowCost(trackCosts));
const search = makeSearch({ $client: client });

function answer(call: ReportCall): ReportAnswer {
  try {
    const result = call.type === 'cost' ? costs.report(call.userId, call.filter) : search(call.query);
    return { id: call.id, result };
  } catch (error) {
    const code = error instanceof BetterSqlite3.SqliteError ? error.code : null;
    return { id: call.id, error: { message: error instanceof Error ? error.message : String(error), code } };
  }
}

parentPort?.on('message', (call: ReportCall) => parentPort?.postMessage(answer(call)));
