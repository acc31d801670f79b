import { join, resolve } from 'node:path';

/** The data folder: `XSWARM_HOME`, else the platform's. */
export function dataDirOf(env: Record<string, string | undefined>, platformDataDir: string): string {
  const home = env.XSWARM_HOME;
  return resolve(home !== undefined && home !== '' ? home : platformDataDir);
}

/** The folder for files that can be downloaded or built again: `XSWARM_CACHE`, else the platform's cache folder. */
export function cacheDirOf(env: Record<string, string | undefined>, platformCacheDir: string): string {
  const folder = env.XSWARM_CACHE;
  return resolve(folder !== undefined && folder !== '' ? folder : platformCacheDir);
}

/** The files of a data folder. */
export const dataFiles = {
  database: (dataDir: string): string => join(dataDir, 'xswarm.db'),
  temporalDir: (dataDir: string): string => join(dataDir, 'temporal'),
  temporalDatabase: (dataDir: string): string => join(dataDir, 'temporal', 'temporal.db'),
  logDir: (dataDir: string): string => join(dataDir, 'logs'),
  /** The boot of the machine in which the mirror was last brought up to date. */
  boot: (dataDir: string): string => join(dataDir, 'mirror.boot'),
  /** The ids of the payload keys that sessions were encrypted with; not secret. */
  usedPayloadKeys: (dataDir: string): string => join(dataDir, 'payload-keys.used'),
  /** Held by the `start`, or the `serve` with the role `api`, that uses the folder; the second file holds its process id. */
  lock: (dataDir: string): string => join(dataDir, 'start.lock'),
  lockHolder: (dataDir: string): string => join(dataDir, 'start.pid'),
  /** The processes that the running `start` keeps; see `ChildRegister`. */
  children: (dataDir: string): string => join(dataDir, 'children.json'),
} as const;
