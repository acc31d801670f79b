import { z } from 'zod';
import { INTERACTION_KINDS, INTERACTION_STATUSES } from '../domain/control/interaction.ts';
import type { Interaction } from '../domain/control/interaction.ts';

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
