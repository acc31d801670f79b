import { costQuery, costReport, sessionCost, userParams } from '../costs.ts';
import { sessionParams } from '../../schemas/session.ts';
import { defineRoute, PREFIX, SESSION } from '../http/route-spec.ts';

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
