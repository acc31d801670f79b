import { z } from 'zod';
import { SESSION_STATUSES } from '../../domain/session/session.ts';
import { sessionParams, userParams, queryTime, costUsd, sessionId, userId } from '../fields.ts';
import { toSessionCost } from '../service/present.ts';
import type { SessionService } from '../service/service.ts';
import type { Bind } from './http/bind.ts';
import { defineRoute, PREFIX, SESSION } from './http/route-spec.ts';

/** Answer of `GET /sessions/:session_id/cost`. */
const sessionCost = z
  .object({
    session_id: sessionId,
    cost_usd: costUsd,
    message_count: z.number().int().nonnegative(),
    duration_seconds: z.number().nonnegative(),
    status: z.enum(SESSION_STATUSES),
  })
  .meta({ id: 'SessionCost' });

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
  .meta({ id: 'CostReport' });

/** Query of the cost reports: `since` is inside, `until` is not. */
const costQuery = z.object({
  since: queryTime.optional(),
  until: queryTime.optional(),
  group_by: z.enum(['day', 'project', 'model', 'user']).optional(),
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
}
