import { realpath, stat } from 'node:fs/promises';
import { isAbsolute, relative, sep } from 'node:path';
import { errors } from '../../domain/errors.ts';
import type { SessionRegistry } from './session-registry.ts';

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

/**
 * The folder to open a session in. What is over and what runs of a session can be told also when its folder has gone
 * since (`isGone`); nothing begins there. Throws `PROJECT_PATH` when something has to begin.
 */
export async function folderToOpen(
  asked: { session_id: string; project_path: string; start: boolean },
  sessions: Pick<SessionRegistry, 'find'>,
  roots: readonly string[],
): Promise<{ path: string; isGone: boolean }> {
  try {
    return { path: await requireFolder(asked.project_path, roots), isGone: false };
  } catch (error) {
    const known = asked.start ? null : sessions.find(asked.session_id);
    const isOnlyHeard = known !== null && (known.openTurns === 0 || known.slot.agent !== null);
    if (!isOnlyHeard) throw error;
    return { path: known.row.project_path, isGone: true };
  }
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
