import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { isSet } from './environment.ts';

const SECRETS = ['ANTHROPIC_API_KEY', 'ANTHROPIC_AUTH_TOKEN', 'CLAUDE_CODE_OAUTH_TOKEN'];
const CLOUDS = ['CLAUDE_CODE_USE_BEDROCK', 'CLAUDE_CODE_USE_VERTEX', 'CLAUDE_CODE_USE_FOUNDRY'];

/** Where Claude Code keeps its settings, logins and transcripts. */
export function claudeConfigDir(env: NodeJS.ProcessEnv): string {
  return env.CLAUDE_CONFIG_DIR || join(env.HOME || homedir(), '.claude');
}

/** Whether Claude Code has something to sign in with: a key, a token, a cloud account, or a login file. */
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
