import { AUDIT_ROUTES } from './audit.ts';
import { COST_ROUTES } from './costs.ts';
import { EVENT_ROUTES } from './events.ts';
import { HEALTH_ROUTES } from './health.ts';
import type { RouteSpec } from './http/route-spec.ts';
import { INTERACTION_ROUTES } from './interactions.ts';
import { MESSAGE_ROUTES } from './messages.ts';
import { PROJECT_ROUTES } from './projects.ts';
import { ROUTING_ROUTES } from './routing.ts';
import { SESSION_ROUTES } from './sessions.ts';

/** Every route of the REST door; the routers, the OpenAPI document and `docs/rest.md` come from it or are compared with it. */
export const ROUTES = {
  ...SESSION_ROUTES,
  ...MESSAGE_ROUTES,
  ...INTERACTION_ROUTES,
  ...COST_ROUTES,
  ...EVENT_ROUTES,
  ...PROJECT_ROUTES,
  ...ROUTING_ROUTES,
  ...HEALTH_ROUTES,
  ...AUDIT_ROUTES,
} as const satisfies Record<string, RouteSpec>;
