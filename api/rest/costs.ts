import { z } from 'zod';
import { isTimeZone, startOfDay } from '../../db/budgets/period.ts';
import { CERTAINTIES, COST_KEYS } from '../../domain/money/cost-rows.ts';
import type { CostKey, CostRows } from '../../domain/money/cost-rows.ts';
import { SESSION_STATUSES } from '../../domain/session/session.ts';
import { sessionParams, userParams, queryTime, costUsd, sessionId, userId } from '../fields.ts';
import { toSessionCost } from '../service/present.ts';
import type { SessionService } from '../service/service.ts';
import type { Bind } from './http/bind.ts';
import { CSV, defineRoute, PREFIX, SESSION } from './http/route-spec.ts';

/** Answer of `GET /sessions/:session_id/cost`. */
const sessionCost = z
  .object({
    session_id: sessionId,
    cost_usd: costUsd,
    message_count: z.number().int().nonnegative(),
    duration_seconds: z.number().nonnegative(),
    status: z.enum(SESSION_STATUSES),
  })
  .meta({
    id: 'SessionCost',
    examples: [{ session_id: 'session-1', cost_usd: 0.0421, message_count: 2, duration_seconds: 72, status: 'active' }],
  });

const counts = {
  cost_usd: costUsd,
  session_count: z.number().int().nonnegative(),
  message_count: z.number().int().nonnegative(),
};

/** Answer of `GET /users/:user_id/cost` and `GET /cost`. */
const costReport = z
  .object({
    user_id: userId.optional(),
    ...counts,
    groups: z.array(z.object({ key: z.string(), ...counts })).optional(),
  })
  .meta({ id: 'CostReport', examples: [{ cost_usd: 1.25, session_count: 4, message_count: 31 }] });

/** Query of the cost reports: `since` is inside, `until` is not. */
const costQuery = z.object({
  since: queryTime.optional(),
  until: queryTime.optional(),
  group_by: z.enum(['day', 'project', 'model', 'user']).optional(),
});

const count = z.number().int().nonnegative();
const costSums = z
  .object({
    cost_usd: costUsd,
    certainty: z.enum(CERTAINTIES).describe('unknown: the cost of some turns is not known, the sum is a lower bound'),
    message_count: count.describe('Messages to the agent; by model, turns in which the model was used'),
    unknown_count: count.describe('Turns whose cost is not known'),
    input_tokens: count,
    output_tokens: count,
    cache_read_tokens: count,
    cache_creation_tokens: count,
  })
  .meta({ id: 'CostSums' });

/** Answer of `GET /costs`. */
const costRows = z
  .object({ rows: z.array(costSums.extend({ key: z.string() }).meta({ id: 'CostRow' })), total: costSums })
  .meta({ id: 'CostRows' });

const timeOfZone = z
  .union([z.iso.datetime({ offset: true }), z.iso.date()], 'an ISO 8601 date or time')
  .describe('ISO 8601 time, or date in the time zone');

/** Query of `GET /costs`: `since` is inside, `until` is not; both count by the quarter of an hour. */
const costsQuery = z.object({
  user_id: userId.optional(),
  since: timeOfZone.optional(),
  until: timeOfZone.optional(),
  group_by: z.enum(COST_KEYS).default('day'),
  time_zone: z
    .string()
    .max(64)
    .refine(isTimeZone, 'a time zone such as Europe/Berlin')
    .default('UTC')
    .describe('IANA time zone: where a day begins'),
});

/** What sessions cost. */
export const COST_ROUTES = {
  getSessionCost: defineRoute({
    operationId: 'getSessionCost',
    method: 'get',
    path: `${SESSION}/cost`,
    summary: 'What a session cost',
    tag: 'costs',
    params: sessionParams,
    answers: { 200: { description: 'The cost', schema: sessionCost } },
    errors: ['SESSION_NOT_FOUND'],
  }),
  getUserCost: defineRoute({
    operationId: 'getUserCost',
    method: 'get',
    path: `${PREFIX}/users/:user_id/cost`,
    summary: 'What all sessions of a user cost',
    tag: 'costs',
    params: userParams,
    query: costQuery,
    answers: { 200: { description: 'The costs', schema: costReport } },
    errors: ['USER_NOT_FOUND'],
  }),
  getTotalCost: defineRoute({
    operationId: 'getTotalCost',
    method: 'get',
    path: `${PREFIX}/cost`,
    summary: "What all users' sessions cost, for admins",
    tag: 'costs',
    query: costQuery,
    answers: { 200: { description: 'The costs', schema: costReport } },
    errors: [],
  }),
  getCosts: defineRoute({
    operationId: 'getCosts',
    method: 'get',
    path: `${PREFIX}/costs`,
    summary: 'What the sessions that the caller may see cost, by day, project, user, model or session',
    tag: 'costs',
    query: costsQuery,
    answers: { 200: { description: 'The costs', schema: costRows, contentTypes: [CSV] } },
    errors: ['USER_NOT_FOUND'],
  }),
} as const;

/** What a session, a user, and everything cost. */
export function bindCosts(bind: Bind, { service }: { service: SessionService }): void {
  bind(COST_ROUTES.getSessionCost, async ({ caller, params, res }) => {
    const session = await service.get(caller, params.session_id);
    res.json(toSessionCost(session, Date.now()));
  });

  bind(COST_ROUTES.getUserCost, async ({ caller, params, query, res }) => {
    const report = await service.userCost(caller, params.user_id, query);
    res.json({ user_id: params.user_id, ...report });
  });

  bind(COST_ROUTES.getTotalCost, async ({ caller, query, res }) => {
    res.json(await service.totalCost(caller, query));
  });

  bind(COST_ROUTES.getCosts, async ({ caller, query, req, res }) => {
    const { since, until, time_zone } = query;
    const report = await service.costs(caller, {
      ...query,
      ...(since !== undefined && { since: startOf(since, time_zone) }),
      ...(until !== undefined && { until: startOf(until, time_zone) }),
    });
    if (req.accepts(['application/json', CSV]) === CSV) return void res.type(CSV).send(csvOf(query.group_by, report));
    res.json(report);
  });
}

/** A date is the beginning of that day in the time zone. */
function startOf(text: string, timeZone: string): string {
  return text.includes('T') ? new Date(text).toISOString() : startOfDay(text, timeZone);
}

const CSV_COLUMNS = [
  'cost_usd',
  'certainty',
  'message_count',
  'unknown_count',
  'input_tokens',
  'output_tokens',
  'cache_read_tokens',
  'cache_creation_tokens',
] as const;

/** RFC 4180, with a heading and without the total. */
function csvOf(key: CostKey, { rows }: CostRows): string {
  const lines = rows.map((row) => [csvText(row.key), ...CSV_COLUMNS.map((column) => row[column] ?? '')]);
  return [[key, ...CSV_COLUMNS], ...lines].map((line) => `${line.join(',')}\r\n`).join('');
}

/** A text that a spreadsheet would read as a formula gets an apostrophe before it. */
function csvText(text: string): string {
  const inert = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(inert) ? `"${inert.replaceAll('"', '""')}"` : inert;
}
