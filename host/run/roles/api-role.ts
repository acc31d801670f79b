import { fileURLToPath } from 'node:url';
import { makeMirrorAdmin } from '../../../api/mirror/mirror-admin.ts';
import type { MirrorDeps } from '../../../api/mirror/sources.ts';
import { makeProjectPolicy, makeRemoteProjectPolicy } from '../../../api/access/project-policy.ts';
import { startApi, type ApiServer } from '../../../api/server.ts';
import { makeSessionService, type SessionServiceDeps } from '../../../api/service/session-service.ts';
import { ProjectTrusts } from '../../../api/service/project-trusts.ts';
import { isLoopbackHost } from '../../../protocol/http-access.ts';
import type { Config } from '../../config/sections.ts';
import { Budgets } from '../../../db/budgets/budgets.ts';
import { makeBus } from '../../../db/events/bus.ts';
import { AuditTrail } from '../../../db/people/audit-trail.ts';
import { Logins } from '../../../db/people/logins.ts';
import { makeMirror } from '../../../db/mirror/mirror.ts';
import { closeDatabase, openDatabase } from '../../../db/file/open.ts';
import { makeReports } from '../../../db/reports/reports.ts';
import { makeUserService } from '../../../db/people/users.ts';
import type { Mirror } from '../../../domain/mirror/mirror-write.ts';
import { GatewayControlClient } from '../../../protocol/gateway-control.ts';
import { GatewayJournalClient } from '../../../protocol/gateway-journal.ts';
import { makeTemporalClient } from '../../../temporal/connect.ts';
import { EncryptingCodec } from '../../../temporal/payloads/payload-codec.ts';
import { makeSessionRecords } from '../../../temporal/session-records.ts';
import { makeSessionWorkflows } from '../../../temporal/session-workflows.ts';
import { dataFiles } from '../../config/data-folder.ts';
import { loadPayloadKeys } from '../../config/payload-keys.ts';
import { allowsAnyFolder, serverUrl, supervisorUrl } from '../../config/derive.ts';
import { removeServerFile, writeServerFile } from '../../../client/server-file.ts';
import { workflowUrl } from '../next-steps.ts';
import { Upkeep } from './upkeep.ts';
import { NEVER, temporalSettings, type Part, type PartOptions, type Wrappers } from './part.ts';

/** Events after which a session continues as new: about a second of replay. */
const BUDGET_EVENTS = 1_000;

/** The built page, beside the compiled code. */
const PAGE = fileURLToPath(new URL('../../../web', import.meta.url));

/** The API, and the mirror that a worker of the same process writes to. */
export interface ApiPart extends Part {
  mirror: Mirror;
}

/** Opens the database, REST and the supervisor socket. They respond, as not ready, while Temporal or the gateway is away. */
export async function startApiRole(options: PartOptions, wrap: Wrappers): Promise<ApiPart> {
  const { config, secrets, logger } = options;
  const ring = loadPayloadKeys(config, options.dataDir);
  const db = openDatabase({ path: dataFiles.database(options.dataDir), durability: config.storage.durability });
  const bus = makeBus();
  const trackCosts = config.claude_code.track_costs;
  const opened = makeMirror(db, bus, { trackCosts, budgets: new Budgets(db) });
  const mirror = wrap.mirror?.(opened) ?? opened;
  const temporal = makeTemporalClient(temporalSettings(config), ring);
  const { client } = temporal;
  const gateway = { url: config.claude_code.websocket_url, token: secrets.gatewayToken };
  const reports = makeReports({ path: dataFiles.database(options.dataDir), trackCosts });
  const workflows = makeSessionWorkflows({
    client,
    ring,
    budgetEvents: wrap.budgetEvents ?? BUDGET_EVENTS,
    queueDepth: config.claude_code.queue_depth,
  });
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
    workflows: wrap.workflows?.(workflows) ?? workflows,
    gateway: new GatewayControlClient(gateway),
    projects: projectPolicy(config),
    limits: {
      maxSessions: config.claude_code.max_sessions,
      maxSessionsPerUser: config.claude_code.max_sessions_per_user,
      queueDepth: config.claude_code.queue_depth,
    },
    modes: {
      auth: config.server.auth,
      widest: config.gateway.max_permission_mode,
      byDefault: config.gateway.permission_mode,
    },
    defaults: {
      idle_after_seconds: config.claude_code.idle_after_seconds,
      idle_timeout_seconds: config.claude_code.idle_timeout_seconds,
    },
  };
  if (config.server.auth === 'token' && config.claude_code.project_roots.length === 0) {
    logger.warn({}, 'no folder is allowed with auth = "token": set [claude_code] project_roots');
  }
  // Places taken from here on belong to sessions that this process starts.
  const startedAt = new Date();
  const close = async (): Promise<void> => {
    await temporal.close();
    await reports.close();
    closeDatabase(db);
  };
  const users = makeUserService(db);
  let server: ApiServer;
  try {
    server = await startApi({
      rest: { host: config.server.host, port: config.server.port },
      supervisor: { host: config.supervisor.host, port: config.supervisor.port },
      service: makeSessionService(deps),
      users,
      audit: new AuditTrail(db, logger),
      auth: config.server.auth,
      supervisorToken: secrets.supervisorToken,
      internalToken: secrets.internalToken,
      mirror,
      mirrorAdmin: makeMirrorAdmin(deps),
      payloadKeyIds: ring.ids,
      trusts: new ProjectTrusts({ ...deps, audit: new AuditTrail(db, logger) }),
      page: config.server.dashboard
        ? {
            logins: new Logins(db, users),
            folder: PAGE,
            secure: config.server.url.startsWith('https:'),
            workflowsUrl: workflowUrl(config, null),
          }
        : undefined,
      codec:
        config.temporal.address === '' ? { codec: new EncryptingCodec(ring), origins: uiOrigins(config) } : undefined,
      rateLimitPerMinute: config.server.rate_limit_per_minute || undefined,
      version: options.version,
      logger,
    });
  } catch (error) {
    await close();
    throw error;
  }
  const { dataDir, version } = options;
  writeServerFile(dataDir, { url: serverUrl(config), supervisor_url: supervisorUrl(config), version });
  const upkeep = new Upkeep({ ...options, client, deps, startedAt });
  return {
    name: 'api',
    address: `${server.restUrl}, ${server.supervisorUrl}`,
    mirror,
    failed: NEVER,
    async close() {
      removeServerFile(dataDir);
      upkeep.end();
      try {
        await server.close();
      } finally {
        await close();
      }
    },
  };
}

/** The Web UI of the embedded server as browsers name it: the guard in front of it accepts these names. */
function uiOrigins({ temporal }: Config): string[] {
  return ['127.0.0.1', 'localhost', 'xswarm.localhost'].map((host) => `http://${host}:${temporal.ui_port}`);
}

/** Project folders are checked on this machine, unless the agents run on another one. */
function projectPolicy(config: Config): ReturnType<typeof makeProjectPolicy> {
  const roots = allowsAnyFolder(config) ? 'any' : config.claude_code.project_roots;
  const isHere = isLoopbackHost(new URL(config.claude_code.websocket_url).hostname);
  return isHere ? makeProjectPolicy(roots) : makeRemoteProjectPolicy(roots);
}
