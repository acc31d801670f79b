import { startGateway } from '../../../gateway/front/server.ts';
import { NEVER, type Part, type PartOptions, type Wrappers } from './part.ts';

const CLOSE_GRACE_MS = 3_000;

/** Starts the gateway: the agent processes of this machine and their journal. */
export async function startGatewayRole(options: PartOptions, wrap: Wrappers): Promise<Part> {
  const { config, secrets } = options;
  const gateway = await startGateway({
    host: config.gateway.host,
    port: config.gateway.port,
    token: secrets.gatewayToken,
    dataDir: options.dataDir,
    durability: config.storage.durability,
    agent: config.gateway.agent,
    model: config.gateway.model || undefined,
    permissionMode: config.gateway.permission_mode,
    maxPermissionMode: config.gateway.max_permission_mode,
    maxParallelStarts: config.gateway.max_parallel_starts,
    maxAgents: config.gateway.max_agents,
    prewarm: config.gateway.prewarm,
    stallMs: config.gateway.stall_seconds * 1000,
    turnLimitMs: config.gateway.turn_limit_seconds * 1000,
    projectRoots: config.claude_code.project_roots,
    env: options.env,
    version: options.version,
    logger: options.logger,
    around: { driver: wrap.driver, journal: wrap.journal },
  });
  return {
    name: 'gateway',
    address: gateway.url,
    failed: NEVER,
    close: () => gateway.close({ graceMs: CLOSE_GRACE_MS }),
  };
}
