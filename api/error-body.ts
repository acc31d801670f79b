import { z } from 'zod';
import { ERROR_CODES, XswarmError } from '../domain/errors.ts';
import type { ErrorCode, ErrorDetails } from '../domain/errors.ts';
import { costUsd } from './fields.ts';

/** An error as every door sends it: the schema of the documents. */
export const errorBody = z
  .object({
    type: z.literal('error'),
    message: z.string(),
    code: z.enum(ERROR_CODES),
    request_id: z.string(),
    message_id: z.string().optional(),
    cost_usd: costUsd.optional(),
    content: z.string().optional(),
    interaction: z.looseObject({}).optional().describe('Of an answer that comes too late: the interaction as it is'),
    retry_after_seconds: z.number().optional(),
  })
  .meta({ id: 'Error' });

/** An error as every door sends it. */
export type ErrorBody = {
  type: 'error';
  message: string;
  code: ErrorCode;
  request_id: string | number;
} & ErrorDetails;

const INTERNAL = new XswarmError('INTERNAL', 'Internal error: the log tells more under this request_id');

/** The product's error for whatever was thrown; what nobody raised on purpose tells nothing of itself. */
export function toXswarmError(thrown: unknown): XswarmError {
  return thrown instanceof XswarmError ? thrown : INTERNAL;
}

/** The one shape of an error at every door. */
export function toErrorBody(error: XswarmError, requestId: string | number): ErrorBody {
  return { type: 'error', message: error.message, code: error.code, request_id: requestId, ...error.details };
}
