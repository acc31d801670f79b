import { z } from 'zod';
import { INTERACTION_KINDS, INTERACTION_STATUSES } from '../domain/control/interaction.ts';
import type { Interaction, InteractionEnd } from '../domain/control/interaction.ts';

const shape = z.looseObject({
  interaction_id: z.uuid(),
  session_id: z.string(),
  message_id: z.string().nullable(),
  kind: z.enum(INTERACTION_KINDS),
  detail: z.record(z.string(), z.unknown()),
  status: z.enum(INTERACTION_STATUSES),
  title: z.string(),
  created_at: z.string(),
  expires_at: z.string().nullable(),
  answer: z.record(z.string(), z.unknown()).nullable(),
  answered_by: z.string().nullable(),
  answered_via: z.string().nullable(),
  answered_at: z.string().nullable(),
  withdrawn_reason: z.string().nullable(),
});

/** An interaction on the line. What it shows is passed on as the gateway wrote it. */
export const interaction = z.custom<Interaction>((value) => shape.safeParse(value).success);

const end = shape
  .pick({ interaction_id: true, message_id: true, answer: true, answered_by: true, answered_via: true })
  .extend({ withdrawn_reason: z.string().nullable(), status: z.enum(['answered', 'withdrawn', 'expired']) })
  .extend({ settled_at: z.string() });

/** The end of an interaction between hosts. */
export const interactionEnd = z.custom<InteractionEnd>((value) => end.safeParse(value).success);
