import type { ErrorRequestHandler, Response } from 'express';
import { errors } from '../../../domain/errors.ts';
import type { ErrorCode, XswarmError } from '../../../domain/errors.ts';
import { toErrorBody, toXswarmError } from '../../error-body.ts';
import type { Audit } from '../../../domain/access/audit.ts';
import type { Caller } from '../../../domain/access/caller.ts';
import { recordRefusal } from '../../access/refusals.ts';
import type { Logger } from '../../../domain/logger.ts';
import { requestIdOf } from './request-id.ts';

/** The one table that turns a code into an HTTP status. */
export const HTTP_STATUS: Readonly<Record<ErrorCode, number>> = {
  SESSION_NOT_FOUND: 404,
  USER_NOT_FOUND: 404,
  MESSAGE_NOT_FOUND: 404,
  MESSAGE_BODY_LOST: 404,
  NOT_FOUND: 404,
  SESSION_NOT_ACTIVE: 409,
  SESSION_NOT_RESUMABLE: 409,
  SESSION_EXISTS: 409,
  USER_EXISTS: 409,
  MAX_SESSIONS: 429,
  QUEUE_FULL: 429,
  AGENT_UNREACHABLE: 502,
  INTERACTION_NOT_FOUND: 404,
  ALREADY_ANSWERED: 409,
  INTERACTION_WITHDRAWN: 409,
  INVALID_ANSWER: 400,
  TURN_FAILED: 502,
  TURN_UNKNOWN: 502,
  PROJECT_PATH: 400,
  INVALID_REQUEST: 400,
  IDEMPOTENCY_MISMATCH: 409,
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  NOT_PERMITTED: 403,
  METHOD_NOT_ALLOWED: 405,
  TOO_LARGE: 413,
  RATE_LIMITED: 429,
  SLOW_READER: 503,
  UNAVAILABLE: 503,
  INTERNAL: 500,
};

const DEFAULT_RETRY_SECONDS = 1;

/** What Express and its body parser throw: an `http-errors` error with a status and a type. */
function fromExpress(thrown: unknown, bodyBytes: number): XswarmError | null {
  if (!(thrown instanceof Error) || !('status' in thrown)) return null;
  const status = Number(thrown.status);
  if (status === 413) return errors.tooLarge(bodyBytes);
  if (status < 400 || status >= 500) return null;
  const parseFailed = 'type' in thrown && thrown.type === 'entity.parse.failed';
  return errors.invalidRequest(`Invalid ${parseFailed ? 'body: expected JSON, got' : 'request:'} ${thrown.message}`);
}

/** Sends an error in the one shape, with `Retry-After` where trying again makes sense. */
export function sendError(res: Response, error: XswarmError): void {
  const status = HTTP_STATUS[error.code];
  if (status === 429 || status === 503) {
    res.set('Retry-After', String(error.details.retry_after_seconds ?? DEFAULT_RETRY_SECONDS));
  }
  if (status === 401) res.set('WWW-Authenticate', 'Bearer');
  res.status(status).json(toErrorBody(error, requestIdOf(res)));
}

/** Answers whatever a handler threw; what nobody raised on purpose is logged under the request id and told as `INTERNAL`. */
export function errorHandler(logger: Logger, audit: Audit, bodyBytes: number): ErrorRequestHandler {
  return (thrown: unknown, req, res, _next) => {
    // The caller left in mid-call: nobody is there to be told, and nothing went wrong.
    if (res.destroyed && thrown instanceof Error && thrown.name === 'AbortError') return;
    const error = fromExpress(thrown, bodyBytes) ?? toXswarmError(thrown);
    if (error.code === 'INTERNAL') {
      logger.error({ err: thrown, request_id: requestIdOf(res), method: req.method }, 'Call failed unexpectedly');
    }
    const { caller = null } = res.locals as { caller?: Caller | null };
    const action = req.path === '/auth/login' ? 'login' : 'call';
    recordRefusal(audit, error, {
      caller,
      door: action === 'login' ? 'web' : 'rest',
      object: `${req.method} ${req.path}`,
      action,
    });
    if (res.headersSent) {
      res.destroy();
      return;
    }
    if (!res.writable || res.destroyed) return;
    sendError(res, error);
  };
}
