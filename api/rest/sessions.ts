import { pipeline } from 'node:stream/promises';
import { z } from 'zod';
import { AGENT_NAMES, SESSION_STATUSES } from '../../domain/session/session.ts';
import {
  sessionParams,
  userParams,
  cursor,
  limit,
  costUsd,
  optional,
  projectPath,
  reason,
  sessionId,
  sessionOptions,
  timestamp,
  userId,
} from '../fields.ts';
import { exportSession } from '../service/export-session.ts';
import { toConnected } from '../service/present.ts';
import type { SessionService } from '../service/service.ts';
import { interactionBody } from './interactions.ts';
import type { Bind } from './http/bind.ts';
import { defineRoute, NDJSON, PREFIX, SESSION } from './http/route-spec.ts';

/** Body of `POST /sessions`. */
const createSessionBody = z
  .object({
    user_id: userId,
    project_path: projectPath,
    session_id: optional(sessionId),
    title: optional(z.string().max(500)),
    options: optional(sessionOptions),
  })
  .meta({
    id: 'CreateSession',
    examples: [{ user_id: 'user123', project_path: '/path/to/project', title: 'Fix the build' }],
  });

/** Answer of `POST /sessions`. */
const createdSession = z
  .object({
    session_id: sessionId,
    status: z.literal('connected'),
    user_id: userId,
    project_path: projectPath,
    timestamp,
  })
  .meta({
    id: 'CreatedSession',
    examples: [
      {
        session_id: 'session-1',
        status: 'connected',
        user_id: 'user123',
        project_path: '/path/to/project',
        timestamp: '2026-11-25T09:30:00.000Z',
      },
    ],
  });

/** The contract's Session. */
const sessionBody = z
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
    waiting: interactionBody.nullable().describe('The open interaction that waits longest for a person'),
    running: z
      .object({ message_id: z.string(), since: timestamp, summary: z.string() })
      .nullable()
      .describe('The turn that runs: since when, and the tool in use or "writing"'),
  })
  .meta({
    id: 'Session',
    examples: [
      {
        id: 'session-1',
        user_id: 'user123',
        project_path: '/path/to/project',
        status: 'active',
        is_active: true,
        cost_usd: 0.0421,
        started_at: '2026-11-25T09:30:00.000Z',
        ended_at: null,
        message_count: 2,
        last_activity: '2026-11-25T09:31:12.345Z',
        title: 'Fix the build',
        options: { idle_after_seconds: 60, idle_timeout_seconds: 300 },
        reason: null,
        error: null,
        agent: 'claude',
        simulated: false,
        at_least_once: false,
        queued: 0,
        waiting: null,
        running: null,
      },
    ],
  });

/** A page of sessions, newest first. */
const sessionPage = z
  .object({ sessions: z.array(sessionBody), next_cursor: z.string().nullable() })
  .meta({ id: 'SessionPage' });

/** Query of `GET /sessions`. */
const sessionsQuery = z.object({
  user_id: userId.optional(),
  status: z.enum(SESSION_STATUSES).optional(),
  project_path: projectPath.optional(),
  limit,
  cursor: cursor.optional(),
});

/** Query of `GET /users/:user_id/sessions`. */
const userSessionsQuery = sessionsQuery.omit({ user_id: true });

/** Query or body of `DELETE /sessions/:session_id`. */
const disconnectWish = z
  .object({ reason: optional(reason) })
  .meta({ id: 'Disconnect', examples: [{ reason: 'User requested' }] });

/** Answer of `DELETE /sessions/:session_id`: the first reason, however often it is asked. */
const disconnected = z.object({ session_id: sessionId, reason: z.string(), timestamp }).meta({
  id: 'Disconnected',
  examples: [{ session_id: 'session-1', reason: 'User requested', timestamp: '2026-11-25T09:45:00.000Z' }],
});

/** Body of `POST /sessions/:session_id/interrupt`. */
const interruptBody = z
  .object({
    message_id: optional(z.string().min(1).max(128)).describe('Stop only the turn of this message'),
  })
  .meta({ id: 'Interrupt' });

/** Answer of `POST /sessions/:session_id/interrupt`. */
const interrupted = z
  .object({ session_id: sessionId, interrupted: z.boolean().describe('False: nothing was running') })
  .meta({ id: 'Interrupted', examples: [{ session_id: 'session-1', interrupted: true }] });

/** Answer of `POST /sessions/cleanup`. */
const cleaned = z
  .object({ cleaned: z.number().int().nonnegative() })
  .meta({ id: 'Cleaned', examples: [{ cleaned: 2 }] });

/** Query of `GET /sessions/:session_id/export`. */
const exportQuery = z.object({ format: z.enum(['jsonl', 'md']).default('jsonl') });

/** The life of sessions. */
export const SESSION_ROUTES = {
  createSession: defineRoute({
    operationId: 'createSession',
    method: 'post',
    path: `${PREFIX}/sessions`,
    summary: 'Create a session and wait until its agent is connected; the same call again returns the same session',
    tag: 'sessions',
    body: createSessionBody,
    answers: { 201: { description: 'The session is connected', schema: createdSession } },
    errors: [
      'USER_NOT_FOUND',
      'NOT_PERMITTED',
      'PROJECT_PATH',
      'SESSION_EXISTS',
      'SESSION_NOT_ACTIVE',
      'MAX_SESSIONS',
      'AGENT_UNREACHABLE',
    ],
  }),
  listSessions: defineRoute({
    operationId: 'listSessions',
    method: 'get',
    path: `${PREFIX}/sessions`,
    summary: 'List the sessions that the caller may see, newest first',
    tag: 'sessions',
    query: sessionsQuery,
    answers: { 200: { description: 'A page of sessions', schema: sessionPage } },
    errors: ['USER_NOT_FOUND'],
  }),
  cleanupSessions: defineRoute({
    operationId: 'cleanupSessions',
    method: 'post',
    path: `${PREFIX}/sessions/cleanup`,
    summary: 'Disconnect every session that is past its idle timeout now',
    tag: 'sessions',
    answers: { 200: { description: 'How many were disconnected', schema: cleaned } },
    errors: [],
  }),
  getSession: defineRoute({
    operationId: 'getSession',
    method: 'get',
    path: SESSION,
    summary: 'One session',
    tag: 'sessions',
    params: sessionParams,
    answers: { 200: { description: 'The session', schema: sessionBody } },
    errors: ['SESSION_NOT_FOUND'],
  }),
  disconnectSession: defineRoute({
    operationId: 'disconnectSession',
    method: 'delete',
    path: SESSION,
    summary: 'End a session; again: the first reason',
    tag: 'sessions',
    params: sessionParams,
    query: disconnectWish,
    body: disconnectWish,
    bodyOptional: true,
    answers: { 200: { description: 'The session has ended', schema: disconnected } },
    errors: ['SESSION_NOT_FOUND'],
  }),
  interruptSession: defineRoute({
    operationId: 'interruptSession',
    method: 'post',
    path: `${SESSION}/interrupt`,
    summary: 'Stop the turn that runs, or only the turn of one message; the session stays open',
    tag: 'sessions',
    params: sessionParams,
    body: interruptBody,
    bodyOptional: true,
    answers: { 200: { description: 'Whether something was running', schema: interrupted } },
    errors: ['SESSION_NOT_FOUND', 'SESSION_NOT_ACTIVE'],
  }),
  resumeSession: defineRoute({
    operationId: 'resumeSession',
    method: 'post',
    path: `${SESSION}/resume`,
    summary:
      'Continue a session that has ended, and wait until its agent is connected; an open session is returned as it is',
    tag: 'sessions',
    params: sessionParams,
    answers: { 200: { description: 'The session is open', schema: sessionBody } },
    errors: [
      'SESSION_NOT_FOUND',
      'SESSION_NOT_ACTIVE',
      'SESSION_NOT_RESUMABLE',
      'USER_NOT_FOUND',
      'PROJECT_PATH',
      'MAX_SESSIONS',
      'AGENT_UNREACHABLE',
    ],
  }),
  reportPresence: defineRoute({
    operationId: 'reportPresence',
    method: 'post',
    path: `${SESSION}/presence`,
    summary: 'Report that a person is attached, so that the session does not time out; at most once a minute is enough',
    tag: 'sessions',
    params: sessionParams,
    answers: { 204: { description: 'The idle timeout counts from now' } },
    errors: ['SESSION_NOT_FOUND', 'SESSION_NOT_ACTIVE'],
  }),
  exportSession: defineRoute({
    operationId: 'exportSession',
    method: 'get',
    path: `${SESSION}/export`,
    summary: 'The whole session as JSON lines or Markdown',
    tag: 'sessions',
    params: sessionParams,
    query: exportQuery,
    answers: { 200: { description: 'The session and its messages', contentTypes: [NDJSON, 'text/markdown'] } },
    errors: ['SESSION_NOT_FOUND'],
  }),
  listUserSessions: defineRoute({
    operationId: 'listUserSessions',
    method: 'get',
    path: `${PREFIX}/users/:user_id/sessions`,
    summary: 'The sessions of a user, newest first',
    tag: 'sessions',
    params: userParams,
    query: userSessionsQuery,
    answers: { 200: { description: 'A page of sessions', schema: sessionPage } },
    errors: ['USER_NOT_FOUND'],
  }),
} as const;

const USER_REQUESTED = 'User requested';

/** The life of sessions: create, list, look at, interrupt, end, export. */
export function bindSessions(bind: Bind, { service }: { service: SessionService }): void {
  bind(SESSION_ROUTES.createSession, async ({ caller, body, signal, res }) => {
    const session = await service.create(caller, body, signal);
    res.status(201).location(`${PREFIX}/sessions/${session.id}`).json(toConnected(session));
  });

  bind(SESSION_ROUTES.listSessions, async ({ caller, query, res }) => {
    const { items, next_cursor } = await service.list(caller, query);
    res.json({ sessions: items, next_cursor });
  });

  bind(SESSION_ROUTES.listUserSessions, async ({ caller, params, query, res }) => {
    const { items, next_cursor } = await service.list(caller, { ...query, user_id: params.user_id });
    res.json({ sessions: items, next_cursor });
  });

  bind(SESSION_ROUTES.cleanupSessions, async ({ caller, res }) => {
    res.json({ cleaned: await service.cleanup(caller) });
  });

  bind(SESSION_ROUTES.getSession, async ({ caller, params, res }) => {
    res.json(await service.get(caller, params.session_id));
  });

  bind(SESSION_ROUTES.disconnectSession, async ({ caller, params, query, body, res }) => {
    const wish = body.reason ?? query.reason ?? USER_REQUESTED;
    const { reason, timestamp } = await service.disconnect(caller, params.session_id, wish);
    res.json({ session_id: params.session_id, reason, timestamp });
  });

  bind(SESSION_ROUTES.interruptSession, async ({ caller, params, body, res }) => {
    const interrupted = await service.interrupt(caller, params.session_id, body.message_id);
    res.json({ session_id: params.session_id, interrupted });
  });

  bind(SESSION_ROUTES.resumeSession, async ({ caller, params, signal, res }) => {
    res.json(await service.resume(caller, params.session_id, signal));
  });

  bind(SESSION_ROUTES.reportPresence, async ({ caller, params, res }) => {
    await service.presence(caller, params.session_id);
    res.status(204).end();
  });

  bind(SESSION_ROUTES.exportSession, async ({ caller, params, query, signal, res }) => {
    const session = await service.get(caller, params.session_id);
    res.type(query.format === 'md' ? 'text/markdown; charset=utf-8' : NDJSON);
    await pipeline(exportSession({ service, caller, session, format: query.format }), res, { signal });
  });
}
