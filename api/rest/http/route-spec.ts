import type { z } from 'zod';
import type { ErrorCode } from '../../../domain/errors.ts';

/** What stands before every route of the product. */
export const PREFIX = '/api/claude-code';
/** The path of one session. */
export const SESSION = `${PREFIX}/sessions/:session_id`;
/** JSON lines. */
export const NDJSON = 'application/x-ndjson';
/** Comma-separated values, RFC 4180. */
export const CSV = 'text/csv';
/** Server-sent events. */
export const EVENT_STREAM = 'text/event-stream';

/** What one status of a route answers with. Without a schema it is a text of `contentType`. */
export interface AnswerSpec {
  description: string;
  schema?: z.ZodType;
  /** What else the same status can be, chosen by `Accept` or by a query. */
  contentTypes?: readonly string[];
}

/** One route: what the router checks, and what the OpenAPI document says. */
export interface RouteSpec {
  operationId: string;
  method: 'get' | 'post' | 'delete';
  /** As Express writes it. */
  path: string;
  summary: string;
  tag: 'sessions' | 'messages' | 'interactions' | 'costs' | 'events' | 'projects' | 'routing' | 'service';
  /** Whether it may be called without a token in token mode. */
  open?: boolean;
  params?: z.ZodObject;
  query?: z.ZodObject;
  headers?: z.ZodObject;
  body?: z.ZodObject;
  /** Whether the call may come without any body. */
  bodyOptional?: boolean;
  answers: Readonly<Record<number, AnswerSpec>>;
  errors: readonly ErrorCode[];
}

/** What a schema of a route gives to its handler; nothing where the route has none. */
export type Parsed<T> = T extends z.ZodType ? z.output<T> : undefined;

/** Keeps the exact schemas of a route, so that its handler gets their types. */
export function defineRoute<const T extends RouteSpec>(spec: T): T {
  return spec;
}
