import type { Response } from 'express';
import { z } from 'zod';
import type { Equal } from '../../domain/equal.ts';
import { XswarmError, errors } from '../../domain/errors.ts';
import type { SessionEventBody } from '../../domain/session/event.ts';
import type { Logger } from '../../domain/logger.ts';
import { sessionParams, queryInteger, sessionId, timestamp } from '../fields.ts';
import type { OpenCalls } from '../open-calls.ts';
import type { ApiLimits } from '../options.ts';
import type { SessionService } from '../service/service.ts';
import { decodeCursor, encodeCursor } from '../streams/cursor.ts';
import { sendEvents } from '../streams/event-stream.ts';
import type { ServerSentEvent } from '../streams/event-stream.ts';
import type { SessionFeed } from '../streams/session-feed.ts';
import { watchClient } from '../streams/watch-client.ts';
import type { WorkerFrame } from '../streams/watch-client.ts';
import { watchSession } from '../streams/watch-session.ts';
import type { SessionFrame } from '../streams/watch-session.ts';
import type { Bind } from './http/bind.ts';
import { defineRoute, EVENT_STREAM, PREFIX, SESSION } from './http/route-spec.ts';

/** The words that a numbered event's `type` can be; `docs/events.md` describes each. */
export const EVENT_TYPES = [
  'status',
  'queued',
  'sent',
  'text',
  'tool_started',
  'tool_finished',
  'permission',
  'interaction',
  'tool_ran',
  'background',
  'notice',
  'result',
  'cost',
  'closed',
] as const;

/** Fails to compile when the words and the domain drift apart. @compileTimeCheck */
export const typesAreDomain: Equal<(typeof EVENT_TYPES)[number], SessionEventBody['type']> = true;

/** One entry of a session's stream; its other fields depend on `type`. */
const sessionEvent = z
  .looseObject({
    session_id: sessionId,
    seq: z.number().int().positive().describe('Counts up from 1 without a hole'),
    type: z.enum(EVENT_TYPES),
    timestamp,
  })
  .meta({ id: 'SessionEvent' });

/** A page of a session's stream, oldest first. */
const eventPage = z
  .object({
    session_id: sessionId,
    events: z.array(sessionEvent),
    next_after: z.number().int().nullable().describe('Goes into `after` for the page behind this one'),
  })
  .meta({ id: 'EventPage' });

const number = queryInteger(0, Number.MAX_SAFE_INTEGER);

/** Query of `GET /sessions/:session_id/events`. */
const eventsQuery = z.object({
  before: number.optional().describe('Events with a lower number, the newest of them'),
  after: number.optional().describe('Events with a higher number'),
  limit: queryInteger(1, 1000).default(100).describe('Events a page; a stream has no limit'),
});

/** Headers of `GET /sessions/:session_id/events`. */
const eventsHeaders = z.object({
  'last-event-id': number.optional().describe('The last number received; goes before `after`'),
});

/** Query of `GET /events`. */
const watchQuery = z.object({
  watch: z
    .string()
    .max(8192)
    .transform((value) => [...new Set(value.split(',').filter((id) => id !== ''))])
    .pipe(z.array(sessionId).max(50))
    .optional()
    .describe('Sessions whose every event is wanted, by comma; at most 50'),
});

/** Headers of `GET /events`. */
const watchHeaders = z.object({
  'last-event-id': z.string().max(16_384).optional().describe('The last id received'),
});

/** What happens in sessions, live. */
export const EVENT_ROUTES = {
  sessionEvents: defineRoute({
    operationId: 'sessionEvents',
    method: 'get',
    path: `${SESSION}/events`,
    summary: 'The numbered stream of a session: live with Accept: text/event-stream, else a page of it',
    tag: 'events',
    params: sessionParams,
    query: eventsQuery,
    headers: eventsHeaders,
    answers: { 200: { description: 'Events', schema: eventPage, contentTypes: [EVENT_STREAM] } },
    errors: ['SESSION_NOT_FOUND'],
  }),
  watchEvents: defineRoute({
    operationId: 'watchEvents',
    method: 'get',
    path: `${PREFIX}/events`,
    summary: 'One stream for a whole client: summaries of all sessions, every event of the watched ones',
    tag: 'events',
    query: watchQuery,
    headers: watchHeaders,
    answers: { 200: { description: 'Events', contentTypes: [EVENT_STREAM] } },
    errors: ['SESSION_NOT_FOUND'],
  }),
} as const;

function fromSessionFrame(frame: SessionFrame): ServerSentEvent {
  if (frame.kind === 'event') return { event: frame.event.type, id: String(frame.event.seq), data: frame.event };
  const { kind, ...data } = frame;
  return { event: kind === 'delta' ? 'text_delta' : kind, data };
}

function fromClientFrame(frame: WorkerFrame): ServerSentEvent {
  if (frame.kind === 'delta') {
    const { kind: _, ...data } = frame;
    return { event: 'text_delta', data };
  }
  const id = encodeCursor(frame.cursor);
  if (frame.kind === 'event') {
    return { event: frame.event.type, id, data: frame.summary ? { ...frame.event, summary: true } : frame.event };
  }
  const { kind, cursor: _, ...data } = frame;
  return { event: kind, id, data };
}

async function* mapStream<T>(
  frames: AsyncIterable<T>,
  toEvent: (frame: T) => ServerSentEvent,
): AsyncGenerator<ServerSentEvent> {
  for await (const frame of frames) yield toEvent(frame);
}

/** What happens in sessions: live streams, and pages of them. */
export function bindEvents(
  bind: Bind,
  deps: {
    service: SessionService;
    feed: SessionFeed;
    limits: ApiLimits;
    logger: Logger;
    streams: OpenCalls;
  },
): void {
  const { service, feed, limits, logger, streams } = deps;
  const stream = { timing: limits, logger };

  bind(EVENT_ROUTES.sessionEvents, async ({ caller, params, query, headers, signal, req, res }) => {
    const sessionId = params.session_id;
    await service.get(caller, sessionId);
    if (req.accepts(['application/json', EVENT_STREAM]) !== EVENT_STREAM) {
      const events = await service.events(caller, sessionId, query);
      res.json({ session_id: sessionId, events, next_after: events.at(-1)?.seq ?? query.after ?? null });
      return;
    }
    refuseTooMany(streams, limits);
    streams.open((gone) => res.once('close', gone));
    endWithCaller(res, signal);
    const after = headers['last-event-id'] ?? query.after ?? 0;
    const frames = watchSession({ service, caller, sessionId, after, signal });
    await sendEvents(res, mapStream(frames, fromSessionFrame), { signal, ...stream });
  });

  bind(EVENT_ROUTES.watchEvents, async ({ caller, query, headers, signal, res }) => {
    const watch = query.watch ?? [];
    const lastId = headers['last-event-id'];
    const cursor = lastId === undefined || lastId === '' ? null : decodeCursor(lastId);
    for (const sessionId of watch) await service.get(caller, sessionId);
    refuseTooMany(streams, limits);
    streams.open((gone) => res.once('close', gone));
    endWithCaller(res, signal);
    const frames = watchClient({ service, feed, caller, watch, cursor, signal });
    await sendEvents(res, mapStream(frames, fromClientFrame), { signal, ...stream });
  });
}

function refuseTooMany(streams: OpenCalls, limits: ApiLimits): void {
  if (streams.size() >= limits.maxStreams) throw errors.rateLimited(5);
}

/** Cuts a stream when its caller's token or login has ended. */
function endWithCaller(res: Response, signal: AbortSignal): void {
  signal.addEventListener('abort', () => {
    const reason: unknown = signal.reason;
    if (reason instanceof XswarmError && reason.code === 'UNAUTHENTICATED') res.destroy();
  });
}
