import type { ReactNode } from 'react';
import type { CostGroup } from '../../../domain/service-data.ts';
import { formatMoney } from '../../ui/format.ts';
import css from './costs.module.css';

const HEIGHT = 140;
const DAY_MS = 86_400_000;
const MOST_DAYS = 120;

/** One bar a day, days without a cost included. The table below it says the same to those who do not see it. */
export function CostBars({ days }: { days: CostGroup[] }): ReactNode {
  const all = withEmptyDays(days).slice(-MOST_DAYS);
  const most = Math.max(...all.map(({ usd }) => usd), 0);
  const step = 100 / all.length;
  const first = all[0];
  const last = all.at(-1);
  return (
    <figure className={css.chart}>
      <div className={css.scale} aria-hidden="true">
        <span>{formatMoney(most)}</span>
      </div>
      <svg
        viewBox={`0 0 100 ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`Cost by day, at most ${formatMoney(most)} on one day`}
      >
        {all.map(({ day, usd }, index) => {
          const height = most === 0 ? 0 : Math.max(usd === 0 ? 0 : 2, (usd / most) * (HEIGHT - 8));
          return (
            <rect key={day} x={index * step + step * 0.12} y={HEIGHT - height} width={step * 0.76} height={height}>
              <title>{`${day} ${formatMoney(usd)}`}</title>
            </rect>
          );
        })}
      </svg>
      <figcaption className={css.axis}>
        <span>{first?.day}</span>
        {first !== last && <span>{last?.day}</span>}
      </figcaption>
    </figure>
  );
}

function withEmptyDays(days: CostGroup[]): { day: string; usd: number }[] {
  const known = new Map(days.map(({ key, cost_usd: usd }) => [key, usd ?? 0]));
  const keys = [...known.keys()].sort();
  const [from, to] = [Date.parse(keys[0] ?? ''), Date.parse(keys.at(-1) ?? '')];
  const all: { day: string; usd: number }[] = [];
  // A single day would be one bar as wide as the page.
  for (let at = Math.min(from, to - 13 * DAY_MS); at <= to; at += DAY_MS) {
    const day = new Date(at).toISOString().slice(0, 10);
    all.push({ day, usd: known.get(day) ?? 0 });
  }
  return all;
}
