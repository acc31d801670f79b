import { join } from 'node:path';

/** Where things lie in a data folder. */
export const dataFiles = {
  database: (dataDir: string): string => join(dataDir, 'xswarm.db'),
  temporalDir: (dataDir: string): string => join(dataDir, 'temporal'),
  temporalDatabase: (dataDir: string): string => join(dataDir, 'temporal', 'temporal.db'),
  logDir: (dataDir: string): string => join(dataDir, 'logs'),
  /** Which start of the machine the mirror was last brought up to date in. */
  boot: (dataDir: string): string => join(dataDir, 'mirror.boot'),
  lock: (dataDir: string): string => join(dataDir, 'start.lock'),
  lockHolder: (dataDir: string): string => join(dataDir, 'start.pid'),
  children: (dataDir: string): string => join(dataDir, 'children.json'),
} as const;
