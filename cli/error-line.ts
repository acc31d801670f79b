import { XswarmError } from '../domain/errors.ts';
import type { ErrorCode } from '../domain/errors.ts';

/** What to do about an error, by its code. */
const ADVICE: Partial<Record<ErrorCode, string>> = {
  SESSION_NOT_FOUND: '`xswarm claude status --all` lists the sessions',
  USER_NOT_FOUND: 'add the user with `xswarm user add <id>`',
  USER_EXISTS: '`xswarm user list` shows the users',
  SESSION_NOT_ACTIVE: 'resume it with `xswarm claude resume <id>`, or begin another one with `xswarm claude new`',
  SESSION_NOT_RESUMABLE: 'begin another one with `xswarm claude new`',
  SESSION_EXISTS: 'choose another id',
  MAX_SESSIONS: 'end one with `xswarm claude disconnect <id>`, or raise [claude_code] max_sessions',
  QUEUE_FULL: 'wait until some of its messages are answered',
  AGENT_UNREACHABLE: '`xswarm doctor` finds the reason',
  PROJECT_PATH: 'name an existing folder that [claude_code] project_roots allows',
  UNAUTHENTICATED: 'set XSWARM_TOKEN to a token from `xswarm token create <user>`',
  UNAVAILABLE: 'try again in a moment, or run `xswarm doctor`',
};

/** What the fields of the API are called on the command line. */
const CLI_TERMS: Record<string, string> = {
  session_id: '<id>',
  user_id: '--user',
  project_path: '--project',
  title: '--title',
  'options.model': '--model',
  'options.permission_mode': '--permission-mode',
  'options.idle_timeout_seconds': '--idle-timeout',
  reason: '--reason',
  message: '<text>',
  'idempotency-key': '--key',
  since: '--since',
  until: '--until',
  group_by: '--group-by',
  limit: '--limit',
  id: '<id>',
  phone: '--phone',
  email: '--email',
};

/** Whether an error means that a flag or argument had a value that is not allowed. */
export function isWrongInput(error: unknown): boolean {
  return (
    error instanceof XswarmError && error.code === 'INVALID_REQUEST' && inCliTerms(error.message) !== error.message
  );
}

/** Names the fields of the API as the command line does: `Invalid body options.model: …` becomes `--model: …`. */
function inCliTerms(message: string): string {
  return message
    .split('; ')
    .map((part) =>
      part.replace(
        /^(?:Invalid )?(?:(?:body|path|query|headers?|parameters?) )?([a-z_.-]+): /,
        (whole, field: string) => {
          const term = CLI_TERMS[field];
          return term === undefined ? whole : `${term}: `;
        },
      ),
    )
    .join('; ');
}

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
    if (advice !== undefined) return `${message}: ${advice}`;
    return error.code === 'INVALID_REQUEST' ? inCliTerms(message) : message;
  }
  return message === '' ? error.name : message;
}

function isRefused(error: Error): boolean {
  return 'reached' in error && error.reached === 'refused';
}

function oneLine(text: string): string {
  return text.trim().replace(/\s*\n\s*/g, ' ');
}
