import { toSessionCost } from '../service/present.ts';
import type { SessionService } from '../service/service.ts';
import type { Bind } from './http/bind.ts';
import { COST_ROUTES } from './routes/cost-routes.ts';

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
