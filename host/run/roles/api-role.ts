import { makeMirrorAdmin } from '../../../api/mirror/mirror-admin.ts';
import type { MirrorDeps } from '../../../api/mirror/sources.ts';
import { makeProjectPolicy, makeRemoteProjectPolicy } from '../../../api/access/project-policy.ts';
import { startApi } from '../../../api/server.ts';
import { makeSessionService, type SessionServiceDeps } from '../../../api/service/session-service.ts';
import { allowsAnyFolder } from '../../config/derive.ts';
import { isLoopbackHost } from '../../../protocol/http-access.ts';
import type { Config } from '../../config/sections.ts';
import { Budgets } from '../../../db/budgets/budgets.ts';
import { makeBus } from '../../../db/bus.ts';
import { makeMirror } from '../../../db/mirror/mirror.ts';
import { closeDatabase, openDatabase } from '../../../db/open.ts';
import { makeReports } from '../../../db/reports/reports.ts';
import { makeUserService } from '../../../db/users.ts';
import type { Mirror } from '../../../domain/mirror-write.ts';
import { GatewayControlClient } from '../../../protocol/gateway-control.ts';
import { GatewayJournalClient } from '../../../protocol/gateway-journal.ts';
import { makeTemporalClient } from '../../../temporal/connect.ts';
import { makeSessionRecords } from '../../../temporal/session-records.ts';
import { makeSessionWorkflows } from '../../../temporal/session-workflows.ts';
import { markCalls } from '../fault-points.ts';
import { dataFiles } from '../../backup/data-files.ts';
import { keepUp } from './keep-up.ts';
import { NEVER, temporalSettings, type Part, type PartOptions } from './part.ts';

/** Events after which a session continues as new: about a second of replay. */
const BUDGET_EVENTS = 1_000;

/** The api, and the mirror that a worker of the same process writes to. */
export interface ApiPart extends Part {
  mirror: Mirror;
}

/** Opens the SQLite file and both doors. They answer, not ready, while Temporal or the gateway is away. */
export async function startApiRole(options: PartOptions): Promise<ApiPart> {
  const { config, secrets, logger } = options;
  const db = openDatabase({ path: dataFiles.database(options.dataDir), durability: config.storage.durability });
  const bus = makeBus();
  const trackCosts = config.claude_code.track_costs;
  const mirror = markCalls('mirror', makeMirror(db, bus, { trackCosts, budgets: new Budgets(db) }), options.reach);
  const client = makeTemporalClient(temporalSettings(config));
  const gateway = { url: config.claude_code.websocket_url, token: secrets.gatewayToken };
  const reports = makeReports({ path: dataFiles.database(options.dataDir), trackCosts });
  const deps: SessionServiceDeps & MirrorDeps = {
    db,
    reports,
    bus,
    mirror,
    records: makeSessionRecords({ client }),
    journal: new GatewayJournalClient(gateway),
    retentionDays: config.temporal.retention_days,
    trackCosts,
    logger,
    workflows: markCalls(
      'workflows',
      makeSessionWorkflows({
        client,
        budgetEvents: Number(options.env.XSWARM_FAULT_BUDGET_EVENTS ?? BUDGET_EVENTS),
        queueDepth: config.claude_code.queue_depth,
      }),
      options.reach,
    ),
    gateway: new GatewayControlClient(gateway),
    projects: projectPolicy(config),
    limits: {
      maxSessions: config.claude_code.max_sessions,
      maxSessionsPerUser: config.claude_code.max_sessions_per_user,
      queueDepth: config.claude_code.queue_depth,
    },
    defaults: {
      idle_after_seconds: config.claude_code.idle_after_seconds,
      idle_timeout_seconds: config.claude_code.idle_timeout_seconds,
    },
  };
  if (config.server.auth === 'token' && config.claude_code.project_roots.length === 0) {
    logger.warn('no folder is allowed with auth = "token": set [claude_code] project_roots');
  }
  // Places taken from here on belong to sessions that this process starts.
  const startedAt = new Date();
  const server = await startApi({
    rest: { host: config.server.host, port: config.server.port },
    supervisor: { host: config.supervisor.host, port: config.supervisor.port },
    service: makeSessionService(deps),
    users: makeUserService(db),
    auth: config.server.auth,
    supervisorToken: secrets.supervisorToken,
    internalToken: secrets.internalToken,
    mirror,
    mirrorAdmin: makeMirrorAdmin(deps),
    rateLimitPerMinute: config.server.rate_limit_per_minute || undefined,
    version: options.version,
    logger,
  });
  const endUpkeep = keepUp({ ...options, client, deps, startedAt });
  return {
    name: 'api',
    address: `${server.restUrl}, ${server.supervisorUrl}`,
    mirror,
    failed: NEVER,
    async close() {
      await server.close();
      endUpkeep();
      await client.connection.close();
      await reports.close();
      closeDatabase(db);
    },
  };
}

/** Folders are looked at where they are: here, unless the agents are on another machine. */
function projectPolicy(config: Config): ReturnType<typeof makeProjectPolicy> {
  const roots = allowsAnyFolder(config) ? 'any' : config.claude_code.project_roots;
  const isHere = isLoopbackHost(new URL(config.claude_code.websocket_url).hostname);
  return isHere ? makeProjectPolicy(roots) : makeRemoteProjectPolicy(roots);
}
