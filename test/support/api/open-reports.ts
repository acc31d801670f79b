import type { TestContext } from 'node:test';
import { makeReports, type Reports } from '../../../db/reports/reports.ts';

/** The entry that the build makes: a thread does not run TypeScript. */
const ENTRY = new URL('../../../dist/db/reports/report-thread.js', import.meta.url);

/** Reports over a file, ended with the test. */
export function openReports(
  t: Pick<TestContext, 'after'>,
  options: { path: string; trackCosts?: boolean; limitMs?: number; entry?: URL },
): Reports {
  const reports = makeReports({ trackCosts: true, entry: ENTRY, ...options });
  t.after(() => reports.close());
  return reports;
}
