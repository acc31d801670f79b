import { startApi } from '../../../api/server.ts';
import type { ApiServer } from '../../../api/server.ts';
import type { ApiOptions } from '../../../api/options.ts';
import type { Audit, AuditRecord } from '../../../domain/access/audit.ts';
import type { Logger } from '../../../domain/logger.ts';
import { memoryService } from './memory-service.ts';
import type { MemoryService } from './memory-service.ts';
import { memoryTrusts } from './memory-trusts.ts';
import { memoryUsers } from './memory-users.ts';

/** The doors on free ports over a service in memory, with two users and an admin. */
export interface OpenDoors extends MemoryService {
  api: ApiServer;
  /** Where the contract's paths begin. */
  base: string;
  /** What was logged as a warning or an error. */
  logged: { fields: object; message: string }[];
}

/** The token that opens the supervisor socket in tests. */
export const SUPERVISOR_TOKEN = 'supervisor-token-of-tests';
/** The token of the internal route in tests. */
export const INTERNAL_TOKEN = 'internal-token-of-tests';

/** An audit that is only logged. */
function memoryAudit(logger: Logger): Audit {
  const records: AuditRecord[] = [];
  return {
    record(entry) {
      if (entry.outcome === 'refused') logger.warn({ audit: entry }, 'Refused');
      records.unshift({ reason: null, ...entry, id: records.length + 1, at: new Date().toISOString() });
    },
    list: ({ limit }) => records.slice(0, limit),
  };
}

/** Opens the doors; close them with `api.close()`. */
export async function openDoors(
  options: Partial<ApiOptions> = {},
  memory: { maxSessions?: number; queueDepth?: number } = {},
): Promise<OpenDoors> {
  const logged: OpenDoors['logged'] = [];
  const keep = (fields: object, message: string): void => void logged.push({ fields, message });
  const logger: Logger = { debug: () => undefined, info: () => undefined, warn: keep, error: keep };
  const behind = memoryService({ users: ['alice', 'bob', 'root'], ...memory });
  const api = await startApi({
    rest: { host: '127.0.0.1', port: 0 },
    supervisor: { host: '127.0.0.1', port: 0 },
    service: behind.service,
    users: memoryUsers([{ id: 'alice' }, { id: 'bob' }, { id: 'root', admin: true }]),
    trusts: memoryTrusts(),
    audit: memoryAudit(logger),
    auth: 'local',
    supervisorToken: SUPERVISOR_TOKEN,
    internalToken: INTERNAL_TOKEN,
    version: '0.0.0-test',
    logger,
    ...options,
  });
  return { ...behind, api, base: `${api.restUrl}/api/claude-code`, logged };
}
