import { stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';

const OF_A_FOLDER = ['CLAUDE.md', 'CLAUDE.local.md', '.claude/CLAUDE.md'];
const OF_A_PROJECT = ['.mcp.json', '.git/HEAD'];
const OF_SETTINGS = [
  'settings.json',
  'settings.local.json',
  'agents',
  'commands',
  'hooks',
  'rules',
  'skills',
  'plugins',
];

/** The files and folders that Claude Code reads when it starts in a project, as far as their names are known. */
export function startFiles(projectPath: string, configDir: string): string[] {
  const files = [join(configDir, 'CLAUDE.md'), ...inside(configDir, OF_SETTINGS), ...inside(projectPath, OF_A_PROJECT)];
  files.push(...inside(join(projectPath, '.claude'), OF_SETTINGS));
  for (let folder = projectPath; ; folder = dirname(folder)) {
    files.push(...inside(folder, OF_A_FOLDER));
    if (folder === dirname(folder)) return files;
  }
}

function inside(folder: string, names: string[]): string[] {
  return names.map((name) => join(folder, name));
}

/** Changes when one of the files is written, made or removed. */
export async function fingerprintOf(files: string[]): Promise<string> {
  const marks = await Promise.all(
    files.map((file) =>
      stat(file).then(
        ({ mtimeMs, size, ino }) => `${mtimeMs}/${size}/${ino}`,
        () => '-',
      ),
    ),
  );
  return marks.join(' ');
}
