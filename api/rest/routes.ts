import { COST_ROUTES } from './routes/cost-routes.ts';
import { EVENT_ROUTES } from './routes/event-routes.ts';
import { MESSAGE_ROUTES } from './routes/message-routes.ts';
import { ROUTING_ROUTES } from './routing.ts';
import { SERVICE_ROUTES } from './health.ts';
import { SESSION_ROUTES } from './sessions.ts';
import type { RouteSpec } from './http/route-spec.ts';

/** Every route of the REST door; routers, the OpenAPI document and `docs/rest.md` are made from it or held equal. */
export const ROUTES = {
  ...SESSION_ROUTES,
  ...MESSAGE_ROUTES,
  ...COST_ROUTES,
  ...EVENT_ROUTES,
  ...ROUTING_ROUTES,
  ...SERVICE_ROUTES,
} as const satisfies Record<string, RouteSpec>;
