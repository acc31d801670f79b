import { requireProjectFolder } from '../../domain/project-folder.ts';
import type { SessionRegistry } from './session-registry.ts';

/**
 * The folder to work in: the path itself, or its real path where `roots` are set, so that a link cannot lead out of them.
 * Throws `PROJECT_PATH` unless it is an absolute path of a folder of this machine inside one of the roots.
 */
export async function requireFolder(path: string, roots: readonly string[]): Promise<string> {
  if (roots.length > 0) return requireProjectFolder(path, roots);
  await requireProjectFolder(path, 'any');
  return path;
}

/**
 * The folder to open a session in. When the folder no longer exists (`isGone`), the session's events can still be read, but
 * nothing begins. Throws `PROJECT_PATH` when something has to begin.
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
