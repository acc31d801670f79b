import type { SessionService } from '../service/service.ts';
import type { Bind } from './http/bind.ts';
import { SERVICE_ROUTES } from './health.ts';

/** The state of the service itself, for whoever watches over it. */
export function bindService(bind: Bind, { service, version }: { service: SessionService; version: string }): void {
  const startedAt = performance.now();

  bind(SERVICE_ROUTES.health, ({ res }) => {
    res.json({ status: 'ok', uptime_seconds: Math.floor((performance.now() - startedAt) / 1000) });
  });

  bind(SERVICE_ROUTES.ready, async ({ res }) => {
    await service.ready();
    res.json({ status: 'ready' });
  });

  bind(SERVICE_ROUTES.version, ({ res }) => {
    res.json({ name: 'xswarm', version, node: process.version });
  });
}
