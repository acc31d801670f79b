import { realpath, stat } from 'node:fs/promises';
import { isAbsolute, posix, relative, sep } from 'node:path';
import { errors } from '../../domain/errors.ts';

/** Decides which folders sessions may work in. */
export interface ProjectPolicy {
  /** The real path of the folder, symbolic links resolved. Throws `PROJECT_PATH`. */
  check(path: string): Promise<string>;
}

/** The folders that projects must be in; without one in the list there is no folder that is allowed. */
export type ProjectRoots = readonly string[] | 'any';

/** Folders of this machine, inside `roots`; a link cannot lead out of them. */
export function makeProjectPolicy(roots: ProjectRoots): ProjectPolicy {
  return {
    async check(path) {
      if (!isAbsolute(path) || path.includes('\0')) throw errors.projectPathNotFound(path);
      const real = await realFolder(path);
      if (real === null) throw errors.projectPathNotFound(path);
      if (roots === 'any') return real;
      const realRoots = await Promise.all(roots.map(realFolder));
      if (realRoots.some((root) => root !== null && isInside(real, root))) return real;
      throw errors.projectPathNotAllowed(path);
    },
  };
}

async function realFolder(path: string): Promise<string | null> {
  try {
    const real = await realpath(path);
    return (await stat(real)).isDirectory() ? real : null;
  } catch (error) {
    // ENOENT, ENOTDIR, EACCES, ELOOP, ENAMETOOLONG: for the caller the folder is not there.
    if (error instanceof Error && 'code' in error) return null;
    throw error;
  }
}

function isInside(path: string, root: string): boolean {
  const way = relative(root, path);
  return way === '' || !(way === '..' || way.startsWith(`..${sep}`) || isAbsolute(way));
}

/** Folders of the gateway's machine, which looks at them itself when the session opens; only their names are seen here. */
export function makeRemoteProjectPolicy(roots: ProjectRoots): ProjectPolicy {
  return {
    async check(path) {
      if (!posix.isAbsolute(path) || path.includes('\0')) throw errors.projectPathNotFound(path);
      const plain = posix.normalize(path).replace(/(.)\/$/, '$1');
      if (roots === 'any' || roots.some((root) => isInside(plain, posix.normalize(root)))) return plain;
      throw errors.projectPathNotAllowed(path);
    },
  };
}
