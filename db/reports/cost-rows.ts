import type BetterSqlite3 from 'better-sqlite3';
import { DateTime } from 'luxon';
import type { CostQuestion, CostRow, CostRows, CostSums } from '../../domain/money/cost-rows.ts';
import type { NanoUsd } from '../../domain/money/money.ts';
import type { ShowCost } from '../queries/show-cost.ts';

/** Milliseconds of one slot of `cost_sums`: a quarter of an hour, so that days are whole slots in every time zone. */
const SLOT_MS = 900_000;

interface Sums {
  cost_nano: NanoUsd;
  message_count: number;
  unknown_count: number;
  input_tokens: number;
  output_tokens: number;
  cache_read_tokens: number;
  cache_creation_tokens: number;
}

interface SlotSums extends Sums {
  key: string | number;
}

/** The rows with `model_id` 0 have the money and the messages, the others the tokens of each model. */
const WHOLE = `sum(iif(c.model_id = 0, c.cost_nano, 0)) AS cost_nano,
  sum(iif(c.model_id = 0, c.messages, 0)) AS message_count, sum(c.unknown) AS unknown_count`;
const OF_MODEL = 'sum(c.cost_nano) AS cost_nano, sum(c.messages) AS message_count, 0 AS unknown_count';
const TOKENS = `sum(c.input_tokens) AS input_tokens, sum(c.output_tokens) AS output_tokens,
  sum(c.cache_read_tokens) AS cache_read_tokens, sum(c.cache_creation_tokens) AS cache_creation_tokens`;

const KEY_COLUMNS = { day: 'c.slot', project: 's.project_path', user: 's.user_id', model: 'o.name', session: 's.id' };

const NOTHING: Sums = {
  cost_nano: 0,
  message_count: 0,
  unknown_count: 0,
  input_tokens: 0,
  output_tokens: 0,
  cache_read_tokens: 0,
  cache_creation_tokens: 0,
};

/** Answers `GET /costs` from `cost_sums`: it reads one row a session, model and quarter of an hour, never the messages. */
export function makeCostRows(
  db: { $client: BetterSqlite3.Database },
  showCost: ShowCost,
): (question: CostQuestion) => CostRows {
  function sums({ user_id, since, until }: CostQuestion, by: CostQuestion['group_by'] | null): SlotSums[] {
    const parts = [
      `SELECT ${by === null ? "''" : KEY_COLUMNS[by]} AS key, ${by === 'model' ? OF_MODEL : WHOLE}, ${TOKENS}`,
      'FROM cost_sums c JOIN claude_code_sessions s ON s.key = c.session_key',
      by === 'model' ? 'JOIN models o ON o.id = c.model_id' : '',
      'WHERE c.slot >= @since AND c.slot < @until',
      user_id === null ? '' : 'AND s.user_id = @user_id',
      'GROUP BY 1 ORDER BY 1',
    ];
    return db.$client.prepare<[object], SlotSums>(parts.join(' ')).all({
      since: since === undefined ? 0 : Math.floor(Date.parse(since) / SLOT_MS),
      until: until === undefined ? Number.MAX_SAFE_INTEGER : Math.ceil(Date.parse(until) / SLOT_MS),
      user_id,
    });
  }

  function shown({ cost_nano, message_count, unknown_count, ...tokens }: Sums): CostSums {
    const certainty = unknown_count > 0 ? 'unknown' : 'reported';
    return { cost_usd: showCost(cost_nano), certainty, message_count, unknown_count, ...tokens };
  }

  return (question) => {
    const found = sums(question, question.group_by);
    const groups = question.group_by === 'day' ? byDay(found, question.time_zone) : found;
    if (question.group_by !== 'day') groups.sort((one, other) => other.cost_nano - one.cost_nano);
    const rows = groups.map(({ key, ...rest }): CostRow => ({ key: String(key), ...shown(rest) }));
    const { key: _key, ...total } = sums(question, null)[0] ?? { key: '', ...NOTHING };
    return { rows, total: shown(total) };
  };
}

/** Adds up the slots of each day of the time zone; the slots come in order. */
function byDay(slots: SlotSums[], timeZone: string): SlotSums[] {
  const days: SlotSums[] = [];
  let dayEndMs = -Infinity;
  for (const { key: slot, ...sums } of slots) {
    const atMs = Number(slot) * SLOT_MS;
    if (atMs >= dayEndMs) {
      const start = DateTime.fromMillis(atMs, { zone: timeZone }).startOf('day');
      dayEndMs = start.plus({ days: 1 }).startOf('day').toMillis();
      days.push({ key: start.toFormat('yyyy-MM-dd'), ...NOTHING });
    }
    add(days.at(-1) as SlotSums, sums);
  }
  return days;
}

function add(day: Sums, more: Sums): void {
  for (const name of Object.keys(NOTHING) as (keyof Sums)[]) day[name] += more[name];
}
