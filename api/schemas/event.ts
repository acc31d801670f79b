import { z } from 'zod';
import type { SessionEventBody } from '../../domain/session/event.ts';
import { sessionId, timestamp } from '../fields.ts';
import { queryInteger } from './query.ts';
import type { Equal } from '../../domain/equal.ts';

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
export const sessionEvent = z
  .looseObject({
    session_id: sessionId,
    seq: z.number().int().positive().describe('Counts up from 1 without a hole'),
    type: z.enum(EVENT_TYPES),
    timestamp,
  })
  .meta({ id: 'SessionEvent' });

/** A page of a session's stream, oldest first. */
export const eventPage = z
  .object({
    session_id: sessionId,
    events: z.array(sessionEvent),
    next_after: z.number().int().nullable().describe('Goes into `after` for the page behind this one'),
  })
  .meta({ id: 'EventPage' });

const number = queryInteger(0, Number.MAX_SAFE_INTEGER);

/** Query of `GET /sessions/:session_id/events`. */
export const eventsQuery = z.object({
  before: number.optional().describe('Events with a lower number, the newest of them'),
  after: number.optional().describe('Events with a higher number'),
  limit: queryInteger(1, 1000).default(100).describe('Events a page; a stream has no limit'),
});

/** Headers of `GET /sessions/:session_id/events`. */
export const eventsHeaders = z.object({
  'last-event-id': number.optional().describe('The last number received; goes before `after`'),
});

/** Query of `GET /events`. */
export const watchQuery = z.object({
  watch: z
    .string()
    .max(8192)
    .transform((value) => [...new Set(value.split(',').filter((id) => id !== ''))])
    .pipe(z.array(sessionId).max(50))
    .optional()
    .describe('Sessions whose every event is wanted, by comma; at most 50'),
});

/** Headers of `GET /events`. */
export const watchHeaders = z.object({
  'last-event-id': z.string().max(16_384).optional().describe('The last id received'),
});
