import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isTimeZone, periodAt } from '../../../db/budgets/period.ts';

test('periodAt() begins a day at midnight of the time zone', () => {
  assert.deepEqual(periodAt('day', 'Asia/Kathmandu', Date.parse('2026-11-25T18:20:00Z')), {
    period_start: '2026-11-25T18:15:00.000Z',
    period_end: '2026-11-26T18:15:00.000Z',
  });
});

test('periodAt() has a day of 25 hours when the clocks go back', () => {
  assert.deepEqual(periodAt('day', 'Europe/Berlin', Date.parse('2026-10-25T12:00:00Z')), {
    period_start: '2026-10-24T22:00:00.000Z',
    period_end: '2026-10-25T23:00:00.000Z',
  });
});

test('periodAt() ends a month at the next one, across the year', () => {
  assert.deepEqual(periodAt('month', 'America/New_York', Date.parse('2026-12-31T23:00:00Z')), {
    period_start: '2026-12-01T05:00:00.000Z',
    period_end: '2027-01-01T05:00:00.000Z',
  });
});

test('periodAt() has one period for `total`', () => {
  assert.deepEqual(periodAt('total', 'UTC', 0), { period_start: null, period_end: null });
});

test('isTimeZone() knows names of the IANA database only', () => {
  assert.deepEqual(['Europe/Berlin', 'UTC', 'Mars/Olympus'].map(isTimeZone), [true, true, false]);
});
