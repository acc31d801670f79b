import type { SessionService } from '../service/service.ts';
import type { Bind } from './http/bind.ts';
import { ROUTING_ROUTES } from './routing.ts';

/** Messages that come in from other channels. */
export function bindRouting(bind: Bind, { service }: { service: SessionService }): void {
  bind(ROUTING_ROUTES.routeConversation, async ({ caller, headers, body, res }) => {
    const idempotencyKey = headers['idempotency-key'] ?? null;
    res.json(await service.route(caller, { ...body, idempotency_key: idempotencyKey }));
  });
}
