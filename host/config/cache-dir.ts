import { resolve } from 'node:path';

/** The folder for what can be fetched or built again: `XSWARM_CACHE`, else the platform's cache folder. */
export function cacheDirOf(env: Record<string, string | undefined>, platformCacheDir: string): string {
  const folder = env.XSWARM_CACHE;
  return resolve(folder !== undefined && folder !== '' ? folder : platformCacheDir);
}
