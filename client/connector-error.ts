import { ERROR_CODES, XswarmError } from '../domain/errors.ts';
import type { ErrorCode, ErrorDetails } from '../domain/errors.ts';

/** Whether the server was reached: it answered, nothing listens at its address, or no answer came. */
export type Reached = 'answered' | 'refused' | 'no_answer';

/** An error that the server answered with, or `UNAVAILABLE` when there was no answer. */
export class ConnectorError extends XswarmError {
  readonly reached: Reached;
  /** The HTTP status, null without an answer. */
  readonly status: number | null;
  readonly requestId: string | null;

  constructor(
    code: ErrorCode,
    message: string,
    about: ErrorOptions & {
      reached: Reached;
      status?: number;
      requestId?: string | null;
      details?: ErrorDetails;
    },
  ) {
    super(code, message, about);
    this.name = 'ConnectorError';
    this.reached = about.reached;
    this.status = about.status ?? null;
    this.requestId = about.requestId ?? null;
  }
}

/** Makes an error of an HTTP answer; for a body that is not in the product's form the message states the status. */
export function errorOfAnswer(status: number, body: unknown, retryAfter: string | null): ConnectorError {
  const fields = isRecord(body) ? body : {};
  const code = ERROR_CODES.find((known) => known === fields.code) ?? codeOfStatus(status);
  const message =
    typeof fields.message === 'string' ? fields.message : `The server answered with HTTP status ${status}`;
  const seconds = Number(retryAfter);
  const details: ErrorDetails = {
    ...(typeof fields.message_id === 'string' && { message_id: fields.message_id }),
    ...((typeof fields.cost_usd === 'number' || fields.cost_usd === null) && { cost_usd: fields.cost_usd }),
    ...(typeof fields.content === 'string' && { content: fields.content }),
    ...(typeof fields.response_id === 'string' && { response_id: fields.response_id }),
    ...(typeof fields.simulated === 'boolean' && { simulated: fields.simulated }),
    ...(retryAfter !== null && Number.isFinite(seconds) && { retry_after_seconds: seconds }),
  };
  const requestId = typeof fields.request_id === 'string' ? fields.request_id : null;
  return new ConnectorError(code, message, { reached: 'answered', status, requestId, details });
}

function codeOfStatus(status: number): ErrorCode {
  if (status === 401) return 'UNAUTHENTICATED';
  if (status === 403) return 'FORBIDDEN';
  if (status === 404) return 'NOT_FOUND';
  if (status === 429) return 'RATE_LIMITED';
  if (status >= 502) return 'UNAVAILABLE';
  return status >= 500 ? 'INTERNAL' : 'INVALID_REQUEST';
}

/** Whether a value is an object with named fields. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
