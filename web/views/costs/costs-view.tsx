import { useMemo } from 'react';
import type { ReactNode } from 'react';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { Link, useSearchParams } from 'wouter';
import type { CostGroup } from '../../../domain/service-data.ts';
import { api } from '../../api/calls.ts';
import { usePage } from '../../page-context.ts';
import { folderOf } from '../../ui/session-state.ts';
import { Button, Empty, Failure, Money, Skeleton } from '../../ui/ui.tsx';
import view from '../view.module.css';
import { CostBars } from './cost-bars.tsx';
import css from './costs.module.css';

const PERIODS = { 7: '7 days', 30: '30 days', 90: '90 days', all: 'Everything' } as const;
const GROUPS = { day: 'Day', project: 'Project', user: 'User', model: 'Model' } as const;
type GroupName = keyof typeof GROUPS;

/** What was spent: by day as bars, and by day, project, user or model as a table. The filters are in the address. */
export function CostsView(): ReactNode {
  const { me } = usePage();
  const [search, setSearch] = useSearchParams();
  const period = Object.keys(PERIODS).find((key) => key === search.get('period')) ?? '30';
  const by = (Object.keys(GROUPS) as GroupName[]).find((key) => key === search.get('by')) ?? 'project';
  const userId = me.admin ? null : me.user_id;
  const since = useMemo(() => sinceOf(period), [period]);
  const ask = (group: GroupName) => ({
    queryKey: ['cost', userId, since, group],
    queryFn: ({ signal }: { signal: AbortSignal }) => api.cost(userId, { since, group_by: group }, signal),
    placeholderData: keepPreviousData,
    refetchInterval: 30_000,
  });
  const days = useQuery(ask('day'));
  const groups = useQuery(ask(by));
  const set = (key: string, value: string): void =>
    setSearch((before) => new URLSearchParams([...[...before].filter(([name]) => name !== key), [key, value]]), {
      replace: true,
    });
  const error = days.error ?? groups.error;
  const rows = groups.data?.groups ?? [];

  return (
    <div className={view.page}>
      <header className={view.head}>
        <h1>Costs</h1>
        <select aria-label="Period" value={period} onChange={({ target }) => set('period', target.value)}>
          {Object.entries(PERIODS).map(([key, word]) => (
            <option key={key} value={key}>
              {word}
            </option>
          ))}
        </select>
      </header>
      {error !== null && (
        <Failure
          error={error}
          retry={() => void Promise.all([days.refetch(), groups.refetch()])}
          since={days.dataUpdatedAt}
        />
      )}
      {days.data === undefined && error === null && <Skeleton lines={8} />}
      {days.data !== undefined && (
        <>
          <p className={css.total}>
            <b>
              <Money usd={days.data.cost_usd} />
            </b>
            <span>
              {days.data.message_count} messages in {days.data.session_count} sessions
            </span>
          </p>
          {(days.data.groups ?? []).length > 0 ? (
            <CostBars days={days.data.groups ?? []} />
          ) : (
            <Empty>Nothing was spent in this period.</Empty>
          )}
        </>
      )}
      {groups.data !== undefined && rows.length > 0 && (
        <section className={view.section}>
          <header className={view.head}>
            <label className={css.by}>
              <span>By</span>
              <select value={by} onChange={({ target }) => set('by', target.value)}>
                {Object.entries(GROUPS).map(([key, word]) => (
                  <option key={key} value={key}>
                    {word}
                  </option>
                ))}
              </select>
            </label>
            <Button onClick={() => download(by, rows)}>CSV</Button>
          </header>
          <CostTable by={by} rows={rows} />
        </section>
      )}
    </div>
  );
}

function CostTable({ by, rows }: { by: GroupName; rows: CostGroup[] }): ReactNode {
  const ordered =
    by === 'day' ? [...rows].reverse() : [...rows].sort((one, other) => (other.cost_usd ?? 0) - (one.cost_usd ?? 0));
  return (
    <div className={view.scroll}>
      <table className={view.table}>
        <thead>
          <tr>
            <th scope="col">{GROUPS[by]}</th>
            <th scope="col" className={view.number}>
              Sessions
            </th>
            <th scope="col" className={view.number}>
              Messages
            </th>
            <th scope="col" className={view.number}>
              Cost
            </th>
          </tr>
        </thead>
        <tbody>
          {ordered.map((row) => (
            <tr key={row.key}>
              <td title={row.key}>{labelOf(by, row.key)}</td>
              <td className={view.number}>{row.session_count}</td>
              <td className={view.number}>{row.message_count}</td>
              <td className={view.number}>
                <Money usd={row.cost_usd} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function labelOf(by: GroupName, key: string): ReactNode {
  if (by === 'project') return <Link href={`/?project=${encodeURIComponent(key)}`}>{folderOf(key)}</Link>;
  if (by === 'user') return <Link href={`/?user=${encodeURIComponent(key)}`}>{key}</Link>;
  return key;
}

function sinceOf(period: string): string | undefined {
  if (period === 'all') return undefined;
  const day = new Date();
  day.setUTCHours(0, 0, 0, 0);
  day.setUTCDate(day.getUTCDate() - Number(period) + 1);
  return day.toISOString();
}

/** A spreadsheet takes a cell that begins with one of these for a formula. */
function cell(value: string | number): string {
  const text = String(value);
  return `"${(/^[=+\-@\t\r]/.test(text) ? `'${text}` : text).replaceAll('"', '""')}"`;
}

function download(by: GroupName, rows: readonly CostGroup[]): void {
  const lines = [
    [by, 'sessions', 'messages', 'cost_usd'],
    ...rows.map((row) => [row.key, row.session_count, row.message_count, row.cost_usd ?? '']),
  ];
  const text = lines.map((line) => line.map(cell).join(',')).join('\r\n');
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([`${text}\r\n`], { type: 'text/csv' }));
  link.download = `xswarm-costs-by-${by}.csv`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
