import { realpath, stat } from 'node:fs/promises';
import { isAbsolute, relative, sep } from 'node:path';
import { errors } from '../domain/errors.ts';

/**
 * The folder to work in: the path itself, or, where there are roots, its real path, which a link cannot lead out of them.
 * Throws `PROJECT_PATH` unless it is absolute, a folder of this machine, and inside one of the roots.
 */
export async function requireFolder(path: string, roots: readonly string[]): Promise<string> {
  const real = isAbsolute(path) && !path.includes('\0') ? await realFolder(path) : null;
  if (real === null) throw errors.projectPathNotFound(path);
  if (roots.length === 0) return path;
  const realRoots = await Promise.all(roots.map(realFolder));
  if (realRoots.some((root) => root !== null && isInside(real, root))) return real;
  throw errors.projectPathNotAllowed(path);
}

async function realFolder(path: string): Promise<string | null> {
  try {
    const real = await realpath(path);
    return (await stat(real)).isDirectory() ? real : null;
  } catch {
    return null; // not there, or not to be entered: the same for whoever asks
  }
}

function isInside(path: string, root: string): boolean {
  const way = relative(root, path);
  return way === '' || !(way === '..' || way.startsWith(`..${sep}`) || isAbsolute(way));
}
