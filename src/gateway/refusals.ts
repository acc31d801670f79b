import { stat } from 'node:fs/promises';
import { isAbsolute } from 'node:path';
import { XswarmError, errors } from '../domain/errors.ts';
import type { GatewayErrorCode } from './protocol.ts';

/** Throws `PROJECT_PATH` unless the path is absolute and a folder. */
export async function requireFolder(path: string): Promise<void> {
  const isFolder =
    isAbsolute(path) &&
    (await stat(path).then(
      (found) => found.isDirectory(),
      () => false,
    ));
  if (!isFolder) throw errors.projectPathNotFound(path);
}

/** What the other end is told of an error: no more than is meant for it. */
export function describe(error: unknown): { code: GatewayErrorCode; message: string } {
  if (!(error instanceof XswarmError)) return { code: 'UNAVAILABLE', message: 'The gateway cannot do this now' };
  if (error.code === 'PROJECT_PATH' || error.code === 'AGENT_UNREACHABLE') {
    return { code: error.code, message: error.message };
  }
  return { code: 'UNAVAILABLE', message: error.message };
}
