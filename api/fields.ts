import { z } from 'zod';
import { PERMISSION_MODES } from '../domain/session/session.ts';

const MAX_CONTEXT_DEPTH = 32;

/** Counts levels without recursion, because a body of a megabyte can nest half a million of them. */
function isDeeperThan(value: unknown, limit: number): boolean {
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > limit) return true;
    level = level.flatMap((item) =>
      typeof item === 'object' && item !== null ? Object.values<unknown>(item as Record<string, unknown>) : [],
    );
  }
  return false;
}

/** What may be left out; `null` is read as left out, because clients in other languages write it so. */
export function optional<T extends z.ZodType>(schema: T): z.ZodType<z.output<T> | undefined> {
  return schema.nullish().transform((value) => value ?? undefined);
}

function withoutUndefined<T extends object>(options: T): T {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as T;
}

/** A session id: a UUID unless the caller brings one. */
export const sessionId = z
  .string()
  .regex(/^[A-Za-z0-9._:-]{1,128}$/, '1 to 128 characters of A-Z a-z 0-9 . _ : -')
  .describe('Session id: 1 to 128 characters of A-Z a-z 0-9 . _ : -');

/** A user id as `xswarm user add` takes it. */
export const userId = z
  .string()
  .min(1)
  .max(255)
  .regex(/^[^\u0000-\u001f\u007f]*$/, 'text without control characters')
  .describe('User id');

/** The folder that Claude Code works in. */
export const projectPath = z
  .string()
  .min(1)
  .max(4096)
  .regex(/^[^\u0000]*$/, 'a path without NUL')
  .describe('Absolute path of the project folder');

/** What is said to Claude. */
export const messageText = z.string().regex(/\S/, 'text that is not blank').describe('The message for Claude Code');

/** What a caller wants remembered with a message. */
export const messageContext = z
  .record(z.string(), z.unknown())
  .refine((value) => !isDeeperThan(value, MAX_CONTEXT_DEPTH), `an object of at most ${MAX_CONTEXT_DEPTH} levels`)
  .describe('Anything the caller wants kept with the message');

/** Why a session is ended. */
export const reason = z.string().min(1).max(500).describe('Why the session ends');

const seconds = z.number().int().min(1).max(31_536_000);

/** What a caller may choose for one session; a misspelt key is refused and not ignored. */
export const sessionOptions = z
  .strictObject({
    model: optional(z.string().min(1).max(200)),
    permission_mode: optional(z.enum(PERMISSION_MODES)),
    idle_after_seconds: optional(seconds),
    idle_timeout_seconds: optional(seconds),
    max_duration_seconds: optional(seconds),
    on_interrupt: optional(z.enum(['report', 'continue'])),
    turn_limit_seconds: optional(z.number().int().min(0).max(31_536_000)),
  })
  // A key that is there and undefined would overwrite the default that it is spread over.
  .transform(withoutUndefined)
  .describe('Choices for this session; what is left out comes from the configuration');

/** An amount of US dollars. */
export const costUsd = z
  .number()
  .nullable()
  .describe('US dollars; null where cost tracking is off or the cost is not known');

/** A time of ours. */
export const timestamp = z.iso.datetime().describe('ISO 8601 UTC with milliseconds');

/** A whole number out of a query string; anything else is left as it is, so that the error can name it. */
export function queryInteger(min: number, max: number): z.ZodType<number> {
  return z.preprocess(
    (value) => (typeof value === 'string' && /^-?\d{1,16}$/.test(value) ? Number(value) : value),
    z.number().int().min(min).max(max),
  );
}

/** How many items a page has. */
export const limit = queryInteger(1, 200).default(50).describe('Items a page');

/** Where the next page begins: the `next_cursor` of the page before. */
export const cursor = z.string().min(1).max(1024).describe('The next_cursor of the page before');

/** A time of the caller's, any offset or a bare date, turned into UTC with milliseconds. */
export const queryTime = z
  .union([z.iso.datetime({ offset: true }), z.iso.date()], 'an ISO 8601 date or time')
  .transform((value) => new Date(value).toISOString())
  .describe('ISO 8601 time or date');

/** Path parameter of everything below one session. */
export const sessionParams = z.object({ session_id: sessionId });

/** Path parameter of everything below one user. */
export const userParams = z.object({ user_id: userId });
