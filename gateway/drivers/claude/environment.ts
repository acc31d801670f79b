import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { AGENT_TAG } from '../../processes/process-table.ts';

const ALLOWED = new Set([
  'PATH',
  'HOME',
  'USER',
  'LOGNAME',
  'LANG',
  'LANGUAGE',
  'TERM',
  'TMPDIR',
  'TEMP',
  'TMP',
  'SHELL',
  'TZ',
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'NO_PROXY',
  'ALL_PROXY',
  'http_proxy',
  'https_proxy',
  'no_proxy',
  'all_proxy',
  'NODE_EXTRA_CA_CERTS',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
  'SSH_AUTH_SOCK',
  'DISABLE_TELEMETRY',
  'DISABLE_ERROR_REPORTING',
  'DISABLE_BUG_COMMAND',
  'XDG_CONFIG_HOME',
  'XDG_CACHE_HOME',
  'XDG_DATA_HOME',
  'SYSTEMROOT',
  'USERPROFILE',
  'APPDATA',
  'LOCALAPPDATA',
  'PATHEXT',
  'COMSPEC',
]);
const ALLOWED_PREFIXES = ['LC_', 'ANTHROPIC_', 'CLAUDE_', 'AWS_', 'GOOGLE_', 'CLOUD_ML_', 'VERTEX_'];
/** The first two are ours and only look like Claude's own. With the last one Claude would begin turns that nobody asked for. */
const REFUSED = new Set(['CLAUDE_CODE_AUTH_TOKEN', 'CLAUDE_CODE_WEBSOCKET_URL', 'CLAUDE_CODE_RESUME_INTERRUPTED_TURN']);
const CLOUD_PREFIXES = ['AWS_', 'GOOGLE_', 'CLOUD_ML_', 'VERTEX_'];

/** The environment of an agent's process: the listed variables that Claude Code needs, and the tag that marks it as ours. */
export function claudeEnvironment(
  env: NodeJS.ProcessEnv,
  agent: { agentId: string; sessionId: string },
): Record<string, string> {
  const usesCloud = isSet(env.CLAUDE_CODE_USE_BEDROCK) || isSet(env.CLAUDE_CODE_USE_VERTEX);
  const passed: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (value === undefined || REFUSED.has(name)) continue;
    if (!usesCloud && CLOUD_PREFIXES.some((prefix) => name.startsWith(prefix))) continue;
    if (ALLOWED.has(name) || ALLOWED_PREFIXES.some((prefix) => name.startsWith(prefix))) passed[name] = value;
  }
  passed.DISABLE_AUTOUPDATER = '1';
  // Otherwise Claude Code asks the main model for a title of each new session, which the user pays for.
  passed.CLAUDE_CODE_DISABLE_TERMINAL_TITLE = '1';
  passed.XSWARM_SESSION_ID = agent.sessionId;
  passed[AGENT_TAG] = agent.agentId;
  return passed;
}

/** Whether a switch in the environment is on. */
function isSet(value: string | undefined): boolean {
  return value !== undefined && value !== '' && value !== '0' && value.toLowerCase() !== 'false';
}

const SECRETS = ['ANTHROPIC_API_KEY', 'ANTHROPIC_AUTH_TOKEN', 'CLAUDE_CODE_OAUTH_TOKEN'];
const CLOUDS = ['CLAUDE_CODE_USE_BEDROCK', 'CLAUDE_CODE_USE_VERTEX', 'CLAUDE_CODE_USE_FOUNDRY'];

/** Where Claude Code keeps its settings, logins and transcripts. */
export function claudeConfigDir(env: NodeJS.ProcessEnv): string {
  return env.CLAUDE_CONFIG_DIR || join(env.HOME || homedir(), '.claude');
}

/** Whether Claude Code can sign in: with a key, a token, a cloud account, or a login file. */
export function isClaudeConfigured(env: NodeJS.ProcessEnv): boolean {
  if (SECRETS.some((name) => (env[name] ?? '') !== '')) return true;
  if (CLOUDS.some((name) => isSet(env[name]))) return true;
  return hasLogin(join(claudeConfigDir(env), '.credentials.json'));
}

function hasLogin(path: string): boolean {
  try {
    const file = JSON.parse(readFileSync(path, 'utf8')) as { claudeAiOauth?: unknown };
    return typeof file.claudeAiOauth === 'object' && file.claudeAiOauth !== null;
  } catch {
    return false;
  }
}
