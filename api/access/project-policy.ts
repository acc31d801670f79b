import { posix } from 'node:path';
import { errors } from '../../domain/errors.ts';
import { isInside, requireProjectFolder } from '../../domain/project-folder.ts';
import type { ProjectRoots } from '../../domain/project-folder.ts';

/** Decides which folders sessions may work in. */
export interface ProjectPolicy {
  /** The real path of the folder, symbolic links resolved. Throws `PROJECT_PATH`. */
  check(path: string): Promise<string>;
}

/** Folders of this machine, inside `roots`; a link cannot lead out of them. */
export function makeProjectPolicy(roots: ProjectRoots): ProjectPolicy {
  return {
    check: (path) => requireProjectFolder(path, roots),
  };
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
