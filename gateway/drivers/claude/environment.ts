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
/** Two are ours, though they begin like Claude's own; with the last one Claude would begin turns that nobody asked for. */
const REFUSED = new Set(['CLAUDE_CODE_AUTH_TOKEN', 'CLAUDE_CODE_WEBSOCKET_URL', 'CLAUDE_CODE_RESUME_INTERRUPTED_TURN']);
const CLOUD_PREFIXES = ['AWS_', 'GOOGLE_', 'CLOUD_ML_', 'VERTEX_'];

/** The environment of an agent's process: what Claude Code needs, by a list, and the tag that makes it ours. */
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
  passed.XSWARM_SESSION_ID = agent.sessionId;
  passed[AGENT_TAG] = agent.agentId;
  return passed;
}

/** Whether a switch in the environment is on. */
export function isSet(value: string | undefined): boolean {
  return value !== undefined && value !== '' && value !== '0' && value.toLowerCase() !== 'false';
}
