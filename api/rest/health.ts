import { z } from 'zod';
import type { SessionService } from '../service/service.ts';
import type { Bind } from './http/bind.ts';
import { defineRoute } from './http/route-spec.ts';

/** Answer of `GET /health`: the process is there. */
const healthState = z
  .object({ status: z.literal('ok'), uptime_seconds: z.number() })
  .meta({ id: 'Health', examples: [{ status: 'ok', uptime_seconds: 3600 }] });

/** Answer of `GET /ready`: what it needs is there too. */
const readyState = z.object({ status: z.literal('ready') }).meta({ id: 'Ready', examples: [{ status: 'ready' }] });

/** Answer of `GET /version`. */
const versionState = z
  .object({ name: z.literal('xswarm'), version: z.string(), node: z.string() })
  .meta({ id: 'Version', examples: [{ name: 'xswarm', version: '0.1.0', node: 'v20.20.0' }] });

/** The state of the service itself; callable without a token. */
export const HEALTH_ROUTES = {
  health: defineRoute({
    operationId: 'health',
    method: 'get',
    path: '/health',
    summary: 'Whether the process is there',
    tag: 'service',
    open: true,
    answers: { 200: { description: 'It is', schema: healthState } },
    errors: [],
  }),
  ready: defineRoute({
    operationId: 'ready',
    method: 'get',
    path: '/ready',
    summary: 'Whether Temporal, the database and the gateway are there too',
    tag: 'service',
    open: true,
    answers: { 200: { description: 'They are', schema: readyState } },
    errors: ['UNAVAILABLE'],
  }),
  version: defineRoute({
    operationId: 'version',
    method: 'get',
    path: '/version',
    summary: 'Which version runs',
    tag: 'service',
    open: true,
    answers: { 200: { description: 'The version', schema: versionState } },
    errors: [],
  }),
} as const;

/** The state of the service itself, for whoever watches over it. */
export function bindHealth(bind: Bind, { service, version }: { service: SessionService; version: string }): void {
  const startedAt = performance.now();

  bind(HEALTH_ROUTES.health, ({ res }) => {
    res.json({ status: 'ok', uptime_seconds: Math.floor((performance.now() - startedAt) / 1000) });
  });

  bind(HEALTH_ROUTES.ready, async ({ res }) => {
    await service.ready();
    res.json({ status: 'ready' });
  });

  bind(HEALTH_ROUTES.version, ({ res }) => {
    res.json({ name: 'xswarm', version, node: process.version });
  });
}
