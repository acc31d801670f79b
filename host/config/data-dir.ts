import { resolve } from 'node:path';

/** The data folder: `XSWARM_HOME`, else the platform's. */
export function dataDirOf(env: Record<string, string | undefined>, platformDataDir: string): string {
  const home = env.XSWARM_HOME;
  return resolve(home !== undefined && home !== '' ? home : platformDataDir);
}
