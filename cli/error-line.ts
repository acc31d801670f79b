import { XswarmError } from '../domain/errors.ts';
import type { ErrorCode } from '../domain/errors.ts';

/** What to do about an error, by its code. */
const ADVICE: Partial<Record<ErrorCode, string>> = {
  SESSION_NOT_FOUND: '`xswarm claude status --all` lists the sessions',
  USER_NOT_FOUND: 'add the user with `xswarm user add <id>`',
  USER_EXISTS: '`xswarm user list` shows the users',
  SESSION_NOT_ACTIVE: 'begin another one with `xswarm claude new`',
  SESSION_EXISTS: 'choose another id',
  MAX_SESSIONS: 'end one with `xswarm claude disconnect <id>`, or raise [claude_code] max_sessions',
  QUEUE_FULL: 'wait until it has worked some off',
  AGENT_UNREACHABLE: '`xswarm doctor` looks for the reason',
  PROJECT_PATH: 'name an existing folder that [claude_code] project_roots allows',
  UNAUTHENTICATED: 'set XSWARM_TOKEN to a token from `xswarm token create <user>`',
  UNAVAILABLE: 'try again in a moment, or ask `xswarm doctor`',
};

/** Puts an error into one line that says what happened and what to do. */
export function errorLine(error: unknown): string {
  if (!(error instanceof Error)) return `Unexpected: ${String(error)}`;
  const message = oneLine(error.message);
  if (isRefused(error)) {
    const url = /at (\S+)$/.exec(message)?.[1] ?? 'its address';
    return `xswarm is not running at ${url}: start it with \`xswarm start\``;
  }
  if (error instanceof XswarmError) {
    const advice = ADVICE[error.code];
    return advice === undefined ? message : `${message}: ${advice}`;
  }
  return message === '' ? error.name : message;
}

function isRefused(error: Error): boolean {
  return 'reached' in error && error.reached === 'refused';
}

function oneLine(text: string): string {
  return text.trim().replace(/\s*\n\s*/g, ' ');
}
