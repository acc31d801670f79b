import type { TestContext } from 'node:test';
import { AuditTrail } from '../../../db/people/audit-trail.ts';
import { startApi } from '../../../api/server.ts';
import type { ApiServer } from '../../../api/server.ts';
import type { ApiOptions } from '../../../api/options.ts';
import type { SessionServiceDeps } from '../../../api/service/session-service.ts';
import { INTERNAL_TOKEN, SUPERVISOR_TOKEN } from './open-doors.ts';
import { openService } from './open-service.ts';
import type { TestService } from './open-service.ts';

/** The doors over the real service and real SQLite. */
export interface RealDoors extends TestService {
  api: ApiServer;
  base: string;
  /** A token of `bob`, who is no admin, and one of `ann`, who is. */
  tokens: { ann: string; bob: string };
  /** What was logged as a warning or an error. */
  logged: { fields: object; message: string }[];
}

/** Opens them on free ports; all is closed after the test. */
export async function openRealDoors(
  t: Pick<TestContext, 'after'>,
  options: Partial<ApiOptions> = {},
  over: Partial<SessionServiceDeps> = {},
): Promise<RealDoors> {
  const logged: RealDoors['logged'] = [];
  const keep = (fields: object, message: string): void => void logged.push({ fields, message });
  const logger = { debug: () => undefined, info: () => undefined, warn: keep, error: keep };
  const behind = openService(t, over);
  const api = await startApi({
    rest: { host: '127.0.0.1', port: 0 },
    supervisor: { host: '127.0.0.1', port: 0 },
    service: behind.service,
    users: behind.users,
    audit: new AuditTrail(behind.db, logger),
    auth: 'local',
    supervisorToken: SUPERVISOR_TOKEN,
    internalToken: INTERNAL_TOKEN,
    mirror: behind.deps.mirror,
    version: '0.0.0-test',
    logger,
    ...options,
  });
  t.after(() => api.close());
  const tokens = { ann: behind.users.createToken('ann').secret, bob: behind.users.createToken('bob').secret };
  return { ...behind, api, base: `${api.restUrl}/api/claude-code`, tokens, logged };
}
