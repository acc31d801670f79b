import { z } from 'zod';
import type { MirrorWrite } from '../domain/mirror-write.ts';
import { AGENT_NAMES, PERMISSION_MODES, SESSION_STATUSES } from '../domain/session.ts';
import { agentEvent, turnResult } from './agent-protocol.ts';
import type { Equal } from '../domain/equal.ts';

/** Where a worker on another host reaches the mirror: paths below the api's address. */
export const INTERNAL_PATHS = {
  mirror: '/internal/mirror',
  bodies: '/internal/bodies',
  live: '/internal/live',
} as const;

const seconds = z.number().int().positive();

const snapshot = z.object({
  session_id: z.string(),
  version: z.number().int().positive(),
  user_id: z.string(),
  project_path: z.string(),
  title: z.string().nullable(),
  options: z.object({
    model: z.string().optional(),
    permission_mode: z.enum(PERMISSION_MODES).optional(),
    idle_after_seconds: seconds.optional(),
    idle_timeout_seconds: seconds.optional(),
    max_duration_seconds: seconds.optional(),
    on_interrupt: z.enum(['report', 'continue']).optional(),
    turn_limit_seconds: z.number().optional(),
  }),
  status: z.enum(SESSION_STATUSES),
  reason: z.string().nullable(),
  failure: z.object({ code: z.string(), message: z.string() }).nullable(),
  agent: z.enum(AGENT_NAMES).nullable(),
  simulated: z.boolean(),
  at_least_once: z.boolean(),
  started_at: z.string(),
  ended_at: z.string().nullable(),
  last_activity: z.string(),
});

const message = z.object({
  message_id: z.string(),
  content: z.string(),
  context: z.record(z.string(), z.unknown()).optional(),
});

/** A message's body as the internal route answers it. */
export const messageBody = message;

/** A batch of writes as it is sent between hosts. */
export const mirrorWrites = z.array(
  z.discriminatedUnion('type', [
    z.object({ type: z.literal('session'), snapshot }),
    z.object({ type: z.literal('queued'), session_id: z.string(), timestamp: z.string(), message }),
    z.object({
      type: z.literal('agent'),
      session_id: z.string(),
      seq: z.number().int().positive(),
      event: agentEvent,
    }),
    z.object({ type: z.literal('settled'), session_id: z.string(), turn: turnResult }),
  ]),
);

/** Fails to compile when the schema and the domain drift apart. @compileTimeCheck */
export const writesAreDomain: Equal<z.infer<typeof mirrorWrites>, MirrorWrite[]> = true;

/** Text that is being written, of several sessions, in order. */
export const liveDeltas = z.array(
  z.object({ session_id: z.string(), message_id: z.string().nullable(), text: z.string() }),
);
/** One piece of such text. */
export type LiveDelta = z.infer<typeof liveDeltas>[number];
