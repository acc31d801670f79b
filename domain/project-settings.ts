/** What Claude Code would run or obey in a folder, besides text such as CLAUDE.md. */
export interface ProjectSettings {
  /** The real path of the folder. */
  project_path: string;
  /** SHA-256 of the path and of all `files`; null when there are none. */
  digest: string | null;
  /** Commands that run by themselves, each behind the event or the key that starts it. */
  hooks: string[];
  mcp_servers: string[];
  /** What the agent may do without a question. */
  rules: string[];
  /** All files that the digest covers. */
  files: string[];
}

/** Whether a session's agent runs with the settings of its folder; `none`: the folder has none. */
export const PROJECT_SETTINGS_STATES = ['none', 'loaded', 'not_loaded'] as const;
export type ProjectSettingsState = (typeof PROJECT_SETTINGS_STATES)[number];

/** The settings of a folder are loaded only while they are what an admin trusted, to the byte. */
export function settingsState(digest: string | null, trusted: string | null | undefined): ProjectSettingsState {
  if (digest === null) return 'none';
  return digest === trusted ? 'loaded' : 'not_loaded';
}

/** A list for one line: how much a folder would run. */
export function describeSettings({ hooks, mcp_servers, rules, files }: ProjectSettings): string {
  const counted = [
    [hooks.length, 'command', 'commands'],
    [mcp_servers.length, 'MCP server', 'MCP servers'],
    [rules.length, 'rule', 'rules'],
    [files.length, 'file', 'files'],
  ] as const;
  return counted
    .filter(([number]) => number > 0)
    .map(([number, one, many]) => `${number} ${number === 1 ? one : many}`)
    .join(', ');
}

/** What somebody trusted of a folder. */
export interface ProjectTrust {
  project_path: string;
  digest: string;
  /** Null for a program of this machine, in local mode. */
  trusted_by: string | null;
  trusted_at: string;
}

/** The settings of a folder as they are now, compared with what was trusted. */
export interface ReviewedSettings extends ProjectSettings {
  trust: 'none' | 'trusted' | 'untrusted' | 'changed';
}
