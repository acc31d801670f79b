import type { Request, Response } from 'express';
import { XswarmError, errors } from '../../domain/errors.ts';
import type { Identify } from '../access/identify.ts';
import { decodeCursor, encodeCursor } from '../streams/cursor.ts';
import type { Logger } from '../../domain/logger.ts';
import type { OpenCalls } from '../open-calls.ts';
import type { ApiLimits } from '../options.ts';
import type { SessionService } from '../service/service.ts';
import type { SessionFeed } from '../streams/session-feed.ts';
import { watchClient } from '../streams/watch-client.ts';
import type { WorkerFrame } from '../streams/watch-client.ts';
import { watchSession } from '../streams/watch-session.ts';
import type { SessionFrame } from '../streams/watch-session.ts';
import type { Bind } from './http/bind.ts';
import { sendEvents } from '../streams/event-stream.ts';
import type { ServerSentEvent } from '../streams/event-stream.ts';
import { EVENT_STREAM } from './http/route-spec.ts';
import { EVENT_ROUTES } from './routes/event-routes.ts';

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
    identify: Identify;
  },
): void {
  const { service, feed, limits, logger, streams, identify } = deps;
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
    endWithCaller(req, res, identify, limits.heartbeatMs);
    const after = headers['last-event-id'] ?? query.after ?? 0;
    const frames = watchSession({ service, caller, sessionId, after, signal });
    await sendEvents(res, mapStream(frames, fromSessionFrame), { signal, ...stream });
  });

  bind(EVENT_ROUTES.watchEvents, async ({ caller, query, headers, signal, req, res }) => {
    const watch = query.watch ?? [];
    const lastId = headers['last-event-id'];
    const cursor = lastId === undefined || lastId === '' ? null : decodeCursor(lastId);
    for (const sessionId of watch) await service.get(caller, sessionId);
    refuseTooMany(streams, limits);
    streams.open((gone) => res.once('close', gone));
    endWithCaller(req, res, identify, limits.heartbeatMs);
    const frames = watchClient({ service, feed, caller, watch, cursor, signal });
    await sendEvents(res, mapStream(frames, fromClientFrame), { signal, ...stream });
  });
}

function refuseTooMany(streams: OpenCalls, limits: ApiLimits): void {
  if (streams.size() >= limits.maxStreams) throw errors.rateLimited(5);
}

/** Cuts a stream within a heartbeat of the end of its caller's token or login. */
function endWithCaller(req: Request, res: Response, identify: Identify, everyMs: number): void {
  const timer = setInterval(() => {
    try {
      identify(req);
    } catch (error) {
      if (error instanceof XswarmError && error.code === 'UNAUTHENTICATED') res.destroy();
    }
  }, everyMs);
  res.once('close', () => clearInterval(timer));
}
