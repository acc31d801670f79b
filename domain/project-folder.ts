import { realpath, stat } from 'node:fs/promises';
import { isAbsolute, relative, sep } from 'node:path';
import { errors } from './errors.ts';

/** The folders that projects must be in. An empty list allows no folder. */
export type ProjectRoots = readonly string[] | 'any';

/**
 * The real path of a folder of this machine, with symbolic links resolved, so that a link cannot lead out of `roots`.
 * Throws `PROJECT_PATH` unless the path is absolute, a folder, and inside one of the roots.
 */
export async function requireProjectFolder(path: string, roots: ProjectRoots): Promise<string> {
  const real = isAbsolute(path) && !path.includes('\0') ? await realFolder(path) : null;
  if (real === null) throw errors.projectPathNotFound(path);
  if (roots === 'any') return real;
  const realRoots = await Promise.all(roots.map(realFolder));
  if (realRoots.some((root) => root !== null && isInside(real, root))) return real;
  throw errors.projectPathNotAllowed(path);
}

/** Whether a path is a folder or below it. Both must be absolute and normal. */
export function isInside(path: string, folder: string): boolean {
  const way = relative(folder, path);
  return way === '' || !(way === '..' || way.startsWith(`..${sep}`) || isAbsolute(way));
}

async function realFolder(path: string): Promise<string | null> {
  try {
    const real = await realpath(path);
    return (await stat(real)).isDirectory() ? real : null;
  } catch (error) {
    // ENOENT, ENOTDIR, EACCES, ELOOP, ENAMETOOLONG: for the caller the folder does not exist.
    if (error instanceof Error && 'code' in error) return null;
    throw error;
  }
}
