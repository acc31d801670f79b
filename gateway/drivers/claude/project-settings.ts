import { createHash } from 'node:crypto';
import { readdir, readFile, realpath, stat } from 'node:fs/promises';
import { dirname, join, resolve, sep } from 'node:path';
import type { ProjectSettings } from '../../../domain/project-settings.ts';
import { XswarmError } from '../../../domain/errors.ts';

const SETTINGS = ['settings.json', 'settings.local.json'];
const FOLDERS = ['agents', 'commands', 'hooks', 'output-styles', 'plugins', 'routines', 'skills', 'workflows'];
const MAX_FILES = 2_000;
const MAX_BYTES = 32 * 2 ** 20;
/** Keys of the settings whose value is a command. */
const COMMAND_KEYS =
  /^(apiKeyHelper|awsAuthRefresh|awsCredentialExport|gcpAuthRefresh|otelHeadersHelper|proxyAuthHelper|statusLine|subagentStatusLine|fileSuggestion)$/;

/**
 * Reads everything in a folder, and above it, that Claude Code would run or obey, except the user's own settings in `configDir`.
 * Throws `PROJECT_PATH` when the folder is not there, `UNAVAILABLE` when there is too much of it to read.
 */
export async function readProjectSettings(projectPath: string, configDir: string): Promise<ProjectSettings> {
  const project_path = await realpath(projectPath).catch(() => {
    throw new XswarmError('PROJECT_PATH', `Project path not found: ${projectPath}`);
  });
  const files = new Map<string, Buffer>();
  for (const folder of await foldersOf(project_path)) {
    await addFile(files, join(folder, '.mcp.json'));
    const own = join(folder, '.claude');
    if (own === resolve(configDir)) continue;
    for (const name of SETTINGS) await addFile(files, join(own, name));
    for (const name of FOLDERS) await addFolder(files, join(own, name));
  }
  const paths = [...files.keys()].sort();
  return { project_path, digest: digestOf(project_path, paths, files), ...listOf(paths, files), files: paths };
}

/** The folder, those above it, and the main checkout of a git worktree. */
async function foldersOf(projectPath: string): Promise<string[]> {
  const folders = new Set<string>();
  for (let folder = projectPath; ; folder = dirname(folder)) {
    folders.add(folder);
    const link = await readFile(join(folder, '.git'), 'utf8').catch(() => '');
    const main = /^gitdir: (.*?)[\\/]\.git[\\/]worktrees[\\/]/m.exec(link)?.[1];
    if (main !== undefined) folders.add(resolve(folder, main));
    if (folder === dirname(folder)) return [...folders];
  }
}

/** What Claude Code cannot read it cannot run either; what is no file (a pipe, a device) would never end. */
async function addFile(files: Map<string, Buffer>, path: string): Promise<void> {
  const found = await stat(path).catch(() => null);
  if (found?.isFile() !== true || files.has(path)) return;
  const bytes = [...files.values()].reduce((sum, content) => sum + content.length, found.size);
  if (files.size >= MAX_FILES || bytes > MAX_BYTES) {
    throw new XswarmError('UNAVAILABLE', `The settings at ${path} are too large to be trusted`);
  }
  const content = await readFile(path).catch(() => null);
  if (content !== null) files.set(path, content);
}

async function addFolder(files: Map<string, Buffer>, folder: string, depth = 0): Promise<void> {
  if (depth > 8) throw new XswarmError('UNAVAILABLE', `The settings at ${folder} are nested too deeply to be trusted`);
  for (const name of await readdir(folder).catch(() => [])) {
    const path = join(folder, name);
    if ((await stat(path).catch(() => null))?.isDirectory() === true) await addFolder(files, path, depth + 1);
    else await addFile(files, path);
  }
}

function digestOf(projectPath: string, paths: string[], files: Map<string, Buffer>): string | null {
  if (paths.length === 0) return null;
  const hash = createHash('sha256').update(projectPath);
  for (const path of paths) {
    hash.update(JSON.stringify([path, createHash('sha256').update(files.get(path)!).digest('hex')]));
  }
  return hash.digest('hex');
}

function listOf(paths: string[], files: Map<string, Buffer>): Pick<ProjectSettings, 'hooks' | 'mcp_servers' | 'rules'> {
  const found = { hooks: [] as string[], mcp_servers: [] as string[], rules: [] as string[] };
  for (const path of paths) {
    const text = files.get(path)!.toString('utf8');
    if (path.endsWith(`${sep}.mcp.json`)) {
      found.mcp_servers.push(...mcpServers(record(record(parse(text)).mcpServers)));
    } else if (SETTINGS.some((name) => path.endsWith(`${sep}.claude${sep}${name}`))) {
      const settings = record(parse(text));
      found.hooks.push(...hooksOf(record(settings.hooks)), ...commandsOf(settings));
      found.rules.push(...rulesOf(settings));
    } else if (path.endsWith('.md')) {
      const head = /^---\r?\n(.*?)\r?\n---/s.exec(text)?.[1] ?? '';
      if (/^hooks:/m.test(head)) found.hooks.push(`hooks of ${path}`);
      if (/^mcpServers:/m.test(head)) found.mcp_servers.push(`servers of ${path}`);
      const allowed = /^(?:allowed-tools|permissionMode): *(.+)$/m.exec(head)?.[1];
      if (allowed !== undefined) found.rules.push(`${allowed.trim()} in ${path}`);
    }
  }
  return found;
}

function hooksOf(hooks: Record<string, unknown>): string[] {
  return Object.entries(hooks).flatMap(([event, groups]) =>
    list(groups)
      .flatMap((group) => list(record(group).hooks))
      .map((hook) => `${event}: ${words(record(hook))}`),
  );
}

/** The other settings that start something: helpers, plugins, and variables, which other programs obey. */
function commandsOf(settings: Record<string, unknown>): string[] {
  return Object.entries(settings).flatMap(([key, value]) => {
    if (COMMAND_KEYS.test(key)) return [`${key}: ${typeof value === 'string' ? value : words(record(value))}`];
    if (key === 'enabledPlugins' || key === 'extraKnownMarketplaces' || key === 'env') {
      return Object.keys(record(value)).map((name) => `${key}: ${name}`);
    }
    return [];
  });
}

function rulesOf({ permissions, ...settings }: Record<string, unknown>): string[] {
  const { allow, additionalDirectories, defaultMode } = record(permissions);
  return [
    ...list(allow).map(String),
    ...list(additionalDirectories).map((folder) => `additionalDirectories: ${String(folder)}`),
    ...(typeof defaultMode === 'string' ? [`defaultMode: ${defaultMode}`] : []),
    ...(settings.sandbox === undefined ? [] : [`sandbox: ${JSON.stringify(settings.sandbox)}`]),
  ];
}

function mcpServers(servers: Record<string, unknown>): string[] {
  return Object.entries(servers).map(([name, server]) => `${name}: ${words(record(server))}`);
}

/** What an entry starts or calls. */
function words(entry: Record<string, unknown>): string {
  const { command, args, url } = entry;
  if (typeof command === 'string') return [command, ...list(args).map(String)].join(' ');
  return typeof url === 'string' ? url : JSON.stringify(entry);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}
