import { realpath } from 'node:fs/promises';
import { homedir } from 'node:os';
import { posix } from 'node:path';
import { absolute, isInside } from '../../../../domain/control/rules.ts';
import type { ToolCall } from '../../../../domain/control/rules.ts';
import { readShell } from './read-shell.ts';

/** The fields of a tool's input that name a file or a folder. */
const PATH_FIELDS = ['file_path', 'notebook_path', 'path'];

/** A tool call with the places that it names, as they are written and where their links lead. */
export async function placeCall(
  tool: string,
  input: Record<string, unknown>,
  place: { projectPath: string; cwd: string; home?: string },
): Promise<ToolCall> {
  const project = await real(place.projectPath);
  const here = await real(place.cwd);
  const cwd = isInside(here, project) ? here : project;
  const home = place.home ?? homedir();
  const named = PATH_FIELDS.map((field) => input[field]);
  // A pattern may lead away from the folder that is searched.
  if (tool === 'Glob') named.push(fixedPart(input.pattern));
  const paths: string[] = [];
  for (const path of named) {
    if (typeof path !== 'string' || path === '') continue;
    const written = absolute(path, { cwd, home });
    const fromProject = isInside(written, place.projectPath)
      ? posix.join(project, posix.relative(place.projectPath, written))
      : written;
    for (const one of [fromProject, await real(written)]) if (!paths.includes(one)) paths.push(one);
  }
  const script = tool === 'Bash' && typeof input.command === 'string' ? readShell(input.command) : null;
  return { tool, input, cwd, home, paths, script };
}

/** Where a path leads, also one whose last parts do not exist yet. */
async function real(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch {
    const parent = posix.dirname(path);
    return parent === path ? path : posix.join(await real(parent), posix.basename(path));
  }
}

function fixedPart(pattern: unknown): string | undefined {
  if (typeof pattern !== 'string' || !/^([/~]|.*\.\.)/.test(pattern)) return undefined;
  return pattern.split(/[*?[{]/)[0];
}
