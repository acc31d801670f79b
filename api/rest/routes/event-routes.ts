import { eventPage, eventsHeaders, eventsQuery, watchHeaders, watchQuery } from '../../schemas/event.ts';
import { sessionParams } from '../../schemas/session.ts';
import { defineRoute, EVENT_STREAM, PREFIX, SESSION } from '../http/route-spec.ts';

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
