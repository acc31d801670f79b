import { z } from 'zod';
import { SESSION_STATUSES } from '../../domain/session/session.ts';
import { costUsd, sessionId, userId } from '../fields.ts';
import { queryTime } from '../schemas/query.ts';

/** Answer of `GET /sessions/:session_id/cost`. */
export const sessionCost = z
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
export const costReport = z
  .object({
    user_id: userId.optional(),
    ...counts,
    groups: z.array(z.object({ key: z.string(), ...counts })).optional(),
  })
  .meta({ id: 'CostReport' });

/** Query of the cost reports: `since` is inside, `until` is not. */
export const costQuery = z.object({
  since: queryTime.optional(),
  until: queryTime.optional(),
  group_by: z.enum(['day', 'project', 'model', 'user']).optional(),
});

/** Path parameter of everything below one user. */
export const userParams = z.object({ user_id: userId });
