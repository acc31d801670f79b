import type { PermissionMode } from '../../domain/session/session.ts';
import type { AgentChoice } from '../agents/choose-driver.ts';
import type { AgentDriver } from '../drivers/driver.ts';
import type { Journal } from '../journal/journal.ts';
import type { Durability } from '../journal/open-journal.ts';
import type { Logger } from '../../domain/logger.ts';

/** What a gateway is started with. */
export interface GatewayOptions {
  host: string;
  /** 0 takes a free one. */
  port: number;
  token: string;
  /** The folder of `gateway.db`; made if it is not there. One gateway at a time. */
  dataDir: string;
  durability: Durability;
  agent: AgentChoice;
  /** What sessions get that do not choose. */
  model?: string;
  permissionMode?: PermissionMode;
  /** The widest mode of any session (default `bypassPermissions`). */
  maxPermissionMode?: PermissionMode;
  /** What Claude Code's environment is taken from, by a list. */
  env: NodeJS.ProcessEnv;
  logger: Logger;
  /** Shown in `/health`. */
  version?: string;
  /** How many agents start at once (default 2). */
  maxParallelStarts?: number;
  /** How many agent processes run at once (default: one for each 400 MiB of memory, at least 4). */
  maxAgents?: number;
  /** How many agents are kept ready for new sessions of the projects used last (default 0). */
  prewarm?: number;
  /** How long an agent may take to obey an interrupt before its process is ended (default 10 s). */
  interruptLimitMs?: number;
  /** How long an agent in a turn may show no sign of work before the turn is given up (default 15 min); 0: for ever. */
  stallMs?: number;
  /** How long a turn may take (default 24 h); 0: for ever. */
  turnLimitMs?: number;
  /** How often a socket is pinged; one that misses a whole round is cut (default 20 s). */
  pingMs?: number;
  /** Folders that projects must be in, by their real path; none: any folder. */
  projectRoots?: readonly string[];
  /** Put around the driver and the journal; for tests that watch or break them. */
  around?: { driver?: (driver: AgentDriver) => AgentDriver; journal?: (journal: Journal) => Journal };
}
