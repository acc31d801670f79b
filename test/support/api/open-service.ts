import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { makeSessionService } from '../../../api/service/session-service.ts';
import type { SessionServiceDeps } from '../../../api/service/session-service.ts';
import { makeProjectPolicy } from '../../../api/access/project-policy.ts';
import type { SessionService } from '../../../api/service/service.ts';
import { makeBus } from '../../../db/events/bus.ts';
import { makeMirror } from '../../../db/mirror/mirror.ts';
import type { Database } from '../../../db/file/open.ts';
import { makeUserService } from '../../../db/people/users.ts';
import type { Caller } from '../../../domain/access/caller.ts';
import type { UserService } from '../../../domain/access/user.ts';
import { openReports } from './open-reports.ts';
import { openTestDb } from '../open-test-db.ts';
import { makeGatewayStandIn, makeWorkflowsStandIn } from '../temporal/workflows-stand-in.ts';
import type { WorkflowsStandIn } from '../temporal/workflows-stand-in.ts';

/** Whoever calls on this machine without a token. */
export const LOCAL: Caller = { user_id: null, admin: false, via: 'local' };

export interface TestService {
  service: SessionService;
  deps: SessionServiceDeps;
  db: Database & { path: string };
  users: UserService;
  workflows: WorkflowsStandIn;
  /** A folder that is there. */
  project: string;
}

/** The real service over real SQLite, with users `ann` (an admin with a default project) and `bob`. */
export function openService(t: Pick<TestContext, 'after'>, over: Partial<SessionServiceDeps> = {}): TestService {
  // Runs before the database is closed: nothing that a call caused writes after it.
  t.after(async () => await workflows.settled());
  const db = openTestDb(t);
  const bus = makeBus();
  const mirror = makeMirror(db, bus, { trackCosts: over.trackCosts ?? true });
  const workflows = makeWorkflowsStandIn(mirror);
  const project = join(db.path, '..', 'project');
  mkdirSync(project);
  const users = makeUserService(db);
  users.add({ id: 'ann', admin: true, phone: '+1 555-0100', email: 'Ann@Example.org', default_project: project });
  users.add({ id: 'bob', phone: '+15550101' });
  const reports = openReports(t, { path: db.path, trackCosts: over.trackCosts ?? true });
  const deps: SessionServiceDeps = {
    db,
    reports,
    bus,
    mirror,
    workflows,
    gateway: makeGatewayStandIn(),
    projects: makeProjectPolicy('any'),
    modes: { auth: 'local', widest: 'bypassPermissions', byDefault: 'default' },
    limits: { maxSessions: 10, maxSessionsPerUser: 10, queueDepth: 100 },
    defaults: { idle_after_seconds: 60, idle_timeout_seconds: 300 },
    trackCosts: true,
    logger: { debug() {}, info() {}, warn() {}, error() {} },
    waits: { connectMs: 2_000, disconnectMs: 2_000, reapMs: 100 },
    ...over,
  };
  return { service: makeSessionService(deps), deps, db, users, workflows, project };
}

/** The caller that a user's own token stands for. */
export function tokenOf(user_id: string, admin = false): Caller {
  return { user_id, admin, via: 'token' };
}
