import { setTimeout as sleep } from 'node:timers/promises';
import { abortScope } from '../domain/abort-scope.ts';
import { ConnectorError, errorOfAnswer, isRecord } from './connector-error.ts';
import { untilAborted } from './until-aborted.ts';

/** How a connector reaches its server. */
export interface HttpOptions {
  /** Base URL without a path. */
  url: string;
  token?: string;
  /** How often a call that is safe to repeat is repeated after the first try (default 7, about 8 seconds). */
  retries?: number;
  /** Whether a refused connection is tried again before the server has answered once (default true). */
  retryRefused?: boolean;
}

/** One call. */
export interface HttpCall {
  method: 'GET' | 'POST' | 'DELETE';
  path: string;
  query?: Record<string, string | number | undefined>;
  body?: unknown;
  headers?: Record<string, string>;
  /** Milliseconds for the whole answer (default 15,000). */
  timeoutMs?: number;
  /** Whether the call does the same when it is made twice. */
  repeatable: boolean;
  signal?: AbortSignal;
}

/** An answer with a 2xx status. */
export interface HttpAnswer {
  status: number;
  body: unknown;
}

/** Makes calls, repeats those that may be repeated, and throws `ConnectorError` for every other answer than 2xx. */
export interface Http {
  call(call: HttpCall): Promise<HttpAnswer>;
  /** Opens a stream; the caller reads `response.body` to its end or aborts `signal`. */
  open(path: string, headers: Record<string, string>, signal: AbortSignal): Promise<Response>;
}

const DEFAULT_RETRIES = 7;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2_000;
const LONGEST_RETRY_AFTER_SECONDS = 10;

/** Makes the HTTP side of a connector over the platform's `fetch`. */
export function makeHttp(options: HttpOptions): Http {
  const base = options.url.replace(/\/+$/, '');
  if (!/^https?:/.test(base) || !URL.canParse(base)) {
    throw new ConnectorError(
      'INVALID_REQUEST',
      `url "${options.url}" must be an address that begins with http:// or https://`,
      {
        reached: 'no_answer',
      },
    );
  }
  let reachedOnce = false;

  const fetchOnce = async (path: string, signal: AbortSignal, init: RequestInit): Promise<Response> => {
    const headers = new Headers(init.headers);
    if (options.token !== undefined) headers.set('authorization', `Bearer ${options.token}`);
    const answer = fetch(`${base}${path}`, { ...init, signal, headers, redirect: 'error' });
    const response = await untilAborted(answer, signal);
    reachedOnce = true;
    return response;
  };

  const callOnce = async (call: HttpCall): Promise<HttpAnswer> => {
    const timeoutMs = call.timeoutMs ?? 15_000;
    const scope = abortScope([call.signal], timeoutMs);
    try {
      const response = await fetchOnce(call.path + queryOf(call.query), scope.signal, {
        method: call.method,
        headers: { accept: 'application/json', ...(call.body !== undefined && JSON_BODY), ...call.headers },
        ...(call.body !== undefined && { body: JSON.stringify(call.body) }),
      });
      const body = parseJson(await untilAborted(response.text(), scope.signal));
      if (response.ok) return { status: response.status, body: expectedBody(response.status, body, base) };
      throw errorOfAnswer(response.status, body, response.headers.get('retry-after'));
    } catch (error) {
      call.signal?.throwIfAborted();
      throw error instanceof ConnectorError ? error : noAnswer(base, error, scope.timedOut() ? timeoutMs : null);
    } finally {
      scope.dispose();
    }
  };

  const mayRepeat = (error: ConnectorError): boolean => {
    if (error.reached === 'refused') return reachedOnce || (options.retryRefused ?? true);
    return error.reached === 'no_answer' || error.code === 'UNAVAILABLE' || error.code === 'RATE_LIMITED';
  };

  return {
    async call(call) {
      for (let attempt = 0; ; attempt += 1) {
        try {
          return await callOnce(call);
        } catch (error) {
          if (!(error instanceof ConnectorError) || !call.repeatable || !mayRepeat(error)) throw error;
          if (attempt >= (options.retries ?? DEFAULT_RETRIES)) throw error;
          await sleep(pauseMs(attempt, error), undefined, { signal: call.signal });
        }
      }
    },

    async open(path, headers, signal) {
      let response: Response;
      try {
        response = await fetchOnce(path, signal, { headers: { accept: 'text/event-stream', ...headers } });
      } catch (error) {
        signal.throwIfAborted();
        throw noAnswer(base, error, null);
      }
      if (response.ok) return response;
      throw errorOfAnswer(
        response.status,
        parseJson(await untilAborted(response.text(), signal)),
        response.headers.get('retry-after'),
      );
    },
  };
}

const JSON_BODY = { 'content-type': 'application/json' };

function pauseMs(attempt: number, error: ConnectorError): number {
  const asked = error.details.retry_after_seconds;
  if (error.code === 'RATE_LIMITED' && asked !== undefined) return Math.min(asked, LONGEST_RETRY_AFTER_SECONDS) * 1000;
  // Half of the pause is random, so that many clients do not come back at the same instant.
  const full = Math.min(FIRST_PAUSE_MS * 2 ** attempt, LONGEST_PAUSE_MS);
  return full / 2 + (Math.random() * full) / 2;
}

function noAnswer(base: string, error: unknown, timeoutMs: number | null): ConnectorError {
  const message =
    timeoutMs === null
      ? `xswarm cannot be reached at ${base}`
      : `xswarm at ${base} did not answer within ${timeoutMs / 1000} s`;
  const reached = timeoutMs === null && isRefused(error) ? 'refused' : 'no_answer';
  return new ConnectorError('UNAVAILABLE', message, { cause: error, reached });
}

/** Returns the body of a 2xx answer; throws where an object is missing, for example behind a foreign proxy. */
function expectedBody(status: number, body: unknown, base: string): unknown {
  if (status === 204 || isRecord(body)) return body;
  throw new ConnectorError('INTERNAL', `The server at ${base} did not answer in JSON`, { reached: 'answered', status });
}

function isRefused(error: unknown): boolean {
  const codes = ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH'];
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if ('code' in cause && codes.includes(String(cause.code))) return true;
    if (cause instanceof AggregateError && cause.errors.some(isRefused)) return true;
  }
  return false;
}

function queryOf(query: HttpCall['query']): string {
  const given = new URLSearchParams();
  for (const [key, value] of Object.entries(query ?? {})) if (value !== undefined) given.set(key, String(value));
  return given.size === 0 ? '' : `?${given.toString()}`;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
