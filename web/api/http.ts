/** An error that the server answered with, or `UNREACHABLE` when there was no answer. */
export class ApiError extends Error {
  readonly code: string;
  /** The HTTP status; 0 without an answer. */
  readonly status: number;
  readonly requestId: string | null;

  constructor(code: string, message: string, status: number, requestId: string | null) {
    super(message);
    this.name = 'ApiError';
    this.code = code;
    this.status = status;
    this.requestId = requestId;
  }
}

/** One call of the API. */
export interface Call {
  method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  query?: Readonly<Record<string, string | number | undefined>>;
  body?: unknown;
  headers?: Readonly<Record<string, string>>;
  /** Milliseconds for the whole answer (default 20,000). */
  timeoutMs?: number;
  signal?: AbortSignal;
}

/** Where the contract's paths begin. */
export const API = '/api/claude-code';

/** Calls the server and returns the JSON of a 2xx answer. Throws `ApiError`, or the abort's reason. */
export async function call<T>(path: string, options: Call = {}): Promise<T> {
  const timeout = AbortSignal.timeout(options.timeoutMs ?? 20_000);
  const signal = options.signal === undefined ? timeout : AbortSignal.any([options.signal, timeout]);
  const response = await reach(path + queryOf(options.query), {
    method: options.method ?? 'GET',
    headers: {
      accept: 'application/json',
      'x-xswarm': '1',
      ...(options.body !== undefined && { 'content-type': 'application/json' }),
      ...options.headers,
    },
    body: options.body === undefined ? null : JSON.stringify(options.body),
    signal,
  });
  const body: unknown = await response.json().catch(() => null);
  if (response.ok) return body as T;
  throw errorOf(response.status, body);
}

/** Opens a stream; the caller reads the response's body. Throws `ApiError`. */
export async function openStream(
  path: string,
  headers: Record<string, string>,
  signal: AbortSignal,
): Promise<Response> {
  const response = await reach(path, {
    headers: { accept: 'text/event-stream', ...headers },
    cache: 'no-store',
    signal,
  });
  if (response.ok) return response;
  throw errorOf(response.status, await response.json().catch(() => null));
}

async function reach(path: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(path, { credentials: 'same-origin', redirect: 'error', ...init });
  } catch (error) {
    if (init.signal?.aborted === true && !isTimeout(init.signal.reason)) throw error;
    const why = isTimeout(init.signal?.reason) ? 'The server did not answer in time' : 'The server cannot be reached';
    throw new ApiError('UNREACHABLE', why, 0, null);
  }
}

function isTimeout(reason: unknown): boolean {
  return reason instanceof DOMException && reason.name === 'TimeoutError';
}

function errorOf(status: number, body: unknown): ApiError {
  const fields = (typeof body === 'object' && body !== null ? body : {}) as Record<string, unknown>;
  const text = (key: string): string | null => (typeof fields[key] === 'string' ? fields[key] : null);
  const message = text('message') ?? `The server answered with HTTP status ${status}`;
  return new ApiError(text('code') ?? 'UNKNOWN', message, status, text('request_id'));
}

function queryOf(query: Call['query']): string {
  const given = new URLSearchParams();
  for (const [key, value] of Object.entries(query ?? {})) if (value !== undefined) given.set(key, String(value));
  return given.size === 0 ? '' : `?${given.toString()}`;
}
