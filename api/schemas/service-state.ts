import { z } from 'zod';
import { ERROR_CODES } from '../../domain/errors.ts';
import { costUsd } from '../fields.ts';

/** The one shape of every error, at every door. */
export const errorBody = z
  .object({
    type: z.literal('error'),
    message: z.string(),
    code: z.enum(ERROR_CODES),
    request_id: z.string(),
    message_id: z.string().optional(),
    cost_usd: costUsd.optional(),
    content: z.string().optional(),
    retry_after_seconds: z.number().optional(),
  })
  .meta({ id: 'Error' });

/** Answer of `GET /health`: the process is there. */
export const health = z.object({ status: z.literal('ok'), uptime_seconds: z.number() }).meta({ id: 'Health' });

/** Answer of `GET /ready`: what it needs is there too. */
export const ready = z.object({ status: z.literal('ready') }).meta({ id: 'Ready' });

/** Answer of `GET /version`. */
export const version = z
  .object({ name: z.literal('xswarm'), version: z.string(), node: z.string() })
  .meta({ id: 'Version' });
