import { DateTime, IANAZone } from 'luxon';
import type { BudgetPeriod } from '../../domain/money/budget.ts';

/** When a period began and ends, ISO 8601 UTC with milliseconds; null for the one period of `total`. */
export interface Period {
  period_start: string | null;
  period_end: string | null;
}

/** The period that holds the time `atMs` (milliseconds since 1970), by the calendar of the time zone. */
export function periodAt(period: BudgetPeriod, timeZone: string, atMs: number): Period {
  if (period === 'total') return { period_start: null, period_end: null };
  const start = DateTime.fromMillis(atMs, { zone: timeZone }).startOf(period);
  return { period_start: iso(start), period_end: iso(start.plus({ [period]: 1 }).startOf(period)) };
}

/** When the day `2026-11-25` begins in the time zone, ISO 8601 UTC with milliseconds. */
export function startOfDay(day: string, timeZone: string): string {
  return iso(DateTime.fromISO(day, { zone: timeZone }).startOf('day'));
}

/** Whether the name is one of the IANA time zone database. */
export function isTimeZone(name: string): boolean {
  return IANAZone.isValidZone(name);
}

function iso(time: DateTime): string {
  return new Date(time.toMillis()).toISOString();
}
