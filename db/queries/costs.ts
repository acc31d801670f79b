import type { CostFilter, CostGroup, CostReport } from '../../domain/service-data.ts';
import type { NanoUsd } from '../../domain/money/money.ts';
import type BetterSqlite3 from 'better-sqlite3';
import type { ShowCost } from './show-cost.ts';

type GroupBy = NonNullable<CostFilter['group_by']>;

interface Sums {
  cost_nano: NanoUsd;
  session_count: number;
  message_count: number;
}

export interface CostQueries {
  /**
   * What was spent, by one user or (null) by all. With `since` and `until` (ISO, `until` excluded) an answer counts at the
   * time it was finished and a message at the time it was accepted; a session counts when it has either.
   */
  report(userId: string | null, filter: CostFilter): CostReport;
}

/** The index is by second, the period is exact. */
const IN_PERIOD = `unixepoch(m.timestamp) BETWEEN unixepoch(@since) AND unixepoch(@until)
  AND m.timestamp >= @since AND m.timestamp < @until`;

const OF_SESSIONS = `coalesce(sum(s.cost_nano), 0) AS cost_nano, count(*) AS session_count,
  coalesce(sum(s.message_count), 0) AS message_count FROM claude_code_sessions s WHERE`;

const OF_MESSAGES = `coalesce(sum(m.cost_nano), 0) AS cost_nano, count(DISTINCT m.session_key) AS session_count,
  count(*) FILTER (WHERE m.direction = 'to_claude') AS message_count
  FROM claude_code_messages m JOIN claude_code_sessions s ON s.key = m.session_key
  WHERE`;

const OF_MODELS = `coalesce(sum(t.cost_nano), 0) AS cost_nano, count(DISTINCT m.session_key) AS session_count,
  count(m.reply_to) AS message_count
  FROM turn_models t JOIN claude_code_messages m ON m.key = t.message_key JOIN claude_code_sessions s ON s.key = m.session_key
  WHERE`;

const GROUP_KEY = {
  day: 'substr(m.timestamp, 1, 10)',
  project: 's.project_path',
  user: 's.user_id',
  model: 't.model',
} as const;

/** Queries about money; every sum is over whole nano-dollars. */
export function makeCostQueries(db: { $client: BetterSqlite3.Database }, showCost: ShowCost): CostQueries {
  function groups(where: string, parameters: object, by: GroupBy, whole: boolean): CostGroup[] {
    const source = by === 'model' ? OF_MODELS : whole && by !== 'day' ? OF_SESSIONS : OF_MESSAGES;
    const sql = `SELECT ${GROUP_KEY[by]} AS key, ${source} ${where} GROUP BY 1 ORDER BY 1`;
    const rows = db.$client.prepare<[object], Sums & { key: string }>(sql).all(parameters);
    return rows.map(({ key, ...sums }) => ({ key, ...shown(sums) }));
  }

  function shown({ cost_nano, session_count, message_count }: Sums): Omit<CostGroup, 'key'> {
    return { cost_usd: showCost(cost_nano), session_count, message_count };
  }

  return {
    report(userId, filter) {
      const whole = filter.since === undefined && filter.until === undefined;
      const parameters = { user: userId, ...period(filter) };
      const where = `${userId === null ? 'true' : 's.user_id = @user'} AND ${whole ? 'true' : IN_PERIOD}`;
      const source = whole ? OF_SESSIONS : OF_MESSAGES;
      const sums = db.$client.prepare<[object], Sums>(`SELECT ${source} ${where}`).get(parameters);
      const total = shown(sums ?? { cost_nano: 0, session_count: 0, message_count: 0 });
      const report = { ...(userId === null ? {} : { user_id: userId }), ...total };
      if (filter.group_by === undefined) return report;
      return { ...report, groups: groups(where, parameters, filter.group_by, whole) };
    },
  };
}

function period({ since = '0000-01-01T00:00:00.000Z', until = '9999-12-31T23:59:59.999Z' }: CostFilter): {
  since: string;
  until: string;
} {
  return { since, until };
}
