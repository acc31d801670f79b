import { z } from 'zod';
import { AGENT_NAMES, SESSION_STATUSES } from '../../domain/session/session.ts';
import { costUsd, optional, projectPath, reason, sessionId, sessionOptions, timestamp, userId } from '../fields.ts';
import { cursor, limit } from './query.ts';

/** Body of `POST /sessions`. */
export const createSessionBody = z
  .object({
    user_id: userId,
    project_path: projectPath,
    session_id: optional(sessionId),
    title: optional(z.string().max(500)),
    options: optional(sessionOptions),
  })
  .meta({ id: 'CreateSession' });

/** Answer of `POST /sessions`. */
export const createdSession = z
  .object({
    session_id: sessionId,
    status: z.literal('connected'),
    user_id: userId,
    project_path: projectPath,
    timestamp,
  })
  .meta({ id: 'CreatedSession' });

/** The contract's Session. */
export const session = z
  .object({
    id: sessionId,
    user_id: userId,
    project_path: projectPath,
    status: z.enum(SESSION_STATUSES),
    is_active: z.boolean(),
    cost_usd: costUsd,
    started_at: timestamp,
    ended_at: timestamp.nullable(),
    message_count: z.number().int().nonnegative(),
    last_activity: timestamp,
    title: z.string().nullable(),
    options: sessionOptions,
    reason: z.string().nullable(),
    error: z.object({ code: z.string(), message: z.string() }).nullable(),
    agent: z.enum(AGENT_NAMES).nullable(),
    simulated: z.boolean(),
    at_least_once: z.boolean(),
    queued: z.number().int().nonnegative(),
    running: z
      .object({ message_id: z.string(), since: timestamp, summary: z.string() })
      .nullable()
      .describe('The turn that runs: since when, and the tool in use or "writing"'),
  })
  .meta({ id: 'Session' });

/** A page of sessions, newest first. */
export const sessionPage = z
  .object({ sessions: z.array(session), next_cursor: z.string().nullable() })
  .meta({ id: 'SessionPage' });

/** Query of `GET /sessions`. */
export const sessionsQuery = z.object({
  user_id: userId.optional(),
  status: z.enum(SESSION_STATUSES).optional(),
  project_path: projectPath.optional(),
  limit,
  cursor: cursor.optional(),
});

/** Query of `GET /users/:user_id/sessions`. */
export const userSessionsQuery = sessionsQuery.omit({ user_id: true });

/** Query or body of `DELETE /sessions/:session_id`. */
export const disconnectWish = z.object({ reason: optional(reason) }).meta({ id: 'Disconnect' });

/** Answer of `DELETE /sessions/:session_id`: the first reason, however often it is asked. */
export const disconnected = z
  .object({ session_id: sessionId, reason: z.string(), timestamp })
  .meta({ id: 'Disconnected' });

/** Body of `POST /sessions/:session_id/interrupt`. */
export const interruptBody = z
  .object({
    message_id: optional(z.string().min(1).max(128)).describe('Stop only the turn of this message'),
  })
  .meta({ id: 'Interrupt' });

/** Answer of `POST /sessions/:session_id/interrupt`. */
export const interrupted = z
  .object({ session_id: sessionId, interrupted: z.boolean().describe('False: nothing was running') })
  .meta({ id: 'Interrupted' });

/** Answer of `POST /sessions/cleanup`. */
export const cleaned = z.object({ cleaned: z.number().int().nonnegative() }).meta({ id: 'Cleaned' });

/** Path parameter of everything below one session. */
export const sessionParams = z.object({ session_id: sessionId });
