import { setTimeout as sleep } from 'node:timers/promises';
import type { Failure } from '../domain/session/session.ts';
import type { MessageState } from '../domain/service-data.ts';
import type { TurnOutcome } from '../domain/session/turn.ts';
import { ConnectorError, isRecord } from './connector-error.ts';
import type { Http } from './http.ts';

/** A message that was accepted for Claude. */
export interface ClaudeCodeMessage {
  id: string;
  session_id: string;
  content: string;
  timestamp: string;
  context?: Record<string, unknown>;
}

/** The answer to a message. `status` is its turn's outcome; `error` says why it is not `done`. */
export interface ClaudeCodeResponse {
  /** Id of the answer. A message whose session ended before its turn has no answer; then this is the message's id. */
  id: string;
  message_id: string;
  content: string;
  timestamp: string;
  cost_usd: number | null;
  status: TurnOutcome | 'cancelled';
  /** Whether the simulator answered instead of Claude. */
  simulated: boolean;
  error?: Failure;
}

/** What a message is sent with; sending it again with the same `key` changes nothing. */
export interface Submission {
  sessionId: string;
  content: string;
  context?: Record<string, unknown>;
  key: string;
}

const WAIT_SECONDS = 60;
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 1_000;

/** Submits a message and resolves when it is accepted, or when an earlier call with its key has settled it already. */
export async function submit(http: Http, submission: Submission, signal?: AbortSignal): Promise<ClaudeCodeMessage> {
  const body = await post(http, submission, 'respond-async', 15_000, signal).catch(settledBody);
  return {
    id: String(body.message_id),
    session_id: submission.sessionId,
    content: submission.content,
    timestamp: typeof body.timestamp === 'string' ? body.timestamp : new Date().toISOString(),
    ...(submission.context !== undefined && { context: submission.context }),
  };
}

/** Submits a message, or finds it under its key, and waits until its turn is settled. */
export async function waitForAnswer(
  http: Http,
  submission: Submission,
  signal?: AbortSignal,
): Promise<ClaudeCodeResponse> {
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    // The same key is the same message for ever, so that asking again only waits.
    const timeoutMs = (WAIT_SECONDS + 15) * 1000;
    const body = await post(http, submission, `wait=${WAIT_SECONDS}`, timeoutMs, signal).catch(settledBody);
    const response = toResponse(body);
    if (response === null) {
      // A turn that waits for a person is reported at once instead of after the wait.
      await sleep(pauseMs, undefined, { signal });
      continue;
    }
    if (isComplete(body)) return response;
    return (await readAnswer(http, submission.sessionId, response.message_id, signal)) ?? response;
  }
}

/** Whether an answer names itself and its origin; older servers left that to the message's own resource. */
function isComplete({ response_id, simulated, error }: Record<string, unknown>): boolean {
  if (isRecord(error) && error.code === 'SESSION_NOT_ACTIVE') return true;
  return response_id !== undefined && simulated !== undefined;
}

/** Waits until the turn of a message that was submitted elsewhere is settled. */
export async function pollAnswer(
  http: Http,
  sessionId: string,
  messageId: string,
  signal?: AbortSignal,
): Promise<ClaudeCodeResponse> {
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    const response = await readAnswer(http, sessionId, messageId, signal);
    if (response !== null) return response;
    await sleep(pauseMs, undefined, { signal });
  }
}

/** Reads a message's state: the response where its turn is settled, null where it is not. */
export async function readAnswer(
  http: Http,
  sessionId: string,
  messageId: string,
  signal?: AbortSignal,
): Promise<ClaudeCodeResponse | null> {
  const path = `/api/claude-code/sessions/${encodeURIComponent(sessionId)}/messages/${encodeURIComponent(messageId)}`;
  const { body } = await http.call({ method: 'GET', path, repeatable: true, signal });
  return isRecord(body) ? toResponse(body) : null;
}

async function post(
  http: Http,
  submission: Submission,
  prefer: string,
  timeoutMs: number,
  signal: AbortSignal | undefined,
): Promise<Record<string, unknown>> {
  const { status, body } = await http.call({
    method: 'POST',
    path: `/api/claude-code/sessions/${encodeURIComponent(submission.sessionId)}/messages`,
    body: { message: submission.content, ...(submission.context !== undefined && { context: submission.context }) },
    headers: { prefer, 'idempotency-key': submission.key },
    timeoutMs,
    repeatable: true,
    signal,
  });
  if (!isRecord(body) || typeof body.message_id !== 'string') {
    throw new ConnectorError('INTERNAL', 'The server answered without a message_id', { reached: 'answered', status });
  }
  return status === 200 ? { status: 'done', ...body } : body;
}

/** Codes of a message that was accepted and has its outcome for ever. */
const SETTLED_CODES = ['TURN_FAILED', 'TURN_UNKNOWN', 'SESSION_NOT_ACTIVE'];

/** Turns the errors that report a message's outcome into that outcome; throws the others again. */
function settledBody(error: unknown): Record<string, unknown> {
  if (!(error instanceof ConnectorError) || error.details.message_id === undefined) throw error;
  if (!SETTLED_CODES.includes(error.code)) throw error;
  const status: TurnOutcome = error.code === 'TURN_UNKNOWN' ? 'unknown' : 'failed';
  return { ...error.details, status, error: { code: error.code, message: error.message } };
}

function toResponse(body: Record<string, unknown>): ClaudeCodeResponse | null {
  const state = body as Partial<MessageState>;
  if (state.message_id === undefined) return null;
  const { status } = state;
  if (status !== 'done' && status !== 'failed' && status !== 'unknown' && status !== 'cancelled') return null;
  return {
    id: state.response_id ?? state.message_id,
    message_id: state.message_id,
    content: state.content ?? '',
    timestamp: state.timestamp ?? new Date().toISOString(),
    cost_usd: state.cost_usd ?? null,
    status,
    simulated: state.simulated ?? false,
    ...(state.error !== undefined && { error: state.error }),
  };
}
