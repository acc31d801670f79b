import { z } from 'zod';
import { MESSAGE_STATUSES } from '../../domain/session/turn.ts';
import { costUsd, messageContext, messageText, optional, sessionId, timestamp } from '../fields.ts';
import { cursor, limit, queryInteger } from '../schemas/query.ts';

/** Body of `POST /sessions/:session_id/messages`. */
export const sendMessageBody = z
  .object({ message: messageText, context: optional(messageContext) })
  .meta({ id: 'SendMessage' });

/** Headers of the calls that deliver a message. */
export const idempotencyHeaders = z.object({
  'idempotency-key': z
    .string()
    .regex(/^[\x21-\x7e]{1,255}$/, '1 to 255 visible ASCII characters')
    .optional()
    .describe('The same key is the same message for ever'),
});

/** Headers of `POST /sessions/:session_id/messages`. */
export const sendMessageHeaders = idempotencyHeaders.extend({
  prefer: z.string().max(500).optional().describe('respond-async, or wait=N in seconds (at most 600)'),
});

/** The answer to a message whose turn is done. */
export const messageAnswer = z
  .object({
    message_id: z.string(),
    response_id: z.string().optional().describe('Id of the response in the history'),
    content: z.string(),
    cost_usd: costUsd,
    timestamp,
    simulated: z.boolean().optional(),
  })
  .meta({ id: 'MessageAnswer' });

/** The answer to a message whose turn goes on. */
export const messageAccepted = z
  .object({ message_id: z.string(), status: z.enum(MESSAGE_STATUSES), url: z.string() })
  .meta({ id: 'MessageAccepted' });

const failure = z.object({ code: z.string(), message: z.string() });

/** Where a message is and, once its turn is settled, the answer. */
export const messageState = z
  .object({
    message_id: z.string(),
    session_id: sessionId,
    status: z.enum(MESSAGE_STATUSES),
    content: z.string().optional(),
    cost_usd: costUsd.optional(),
    timestamp,
    response_id: z.string().optional().describe('Id of the response in the history'),
    simulated: z.boolean().optional(),
    error: failure.nullish(),
  })
  .meta({ id: 'MessageState' });

const modelUsage = z.object({
  model: z.string(),
  input_tokens: z.number().int(),
  output_tokens: z.number().int(),
  cache_read_tokens: z.number().int(),
  cache_creation_tokens: z.number().int(),
  cost_nano: z.number().int(),
});

/** One message of a session's history; `message` (the column) and `content` (the contract's word) are the same text. */
export const historyMessage = z
  .object({
    id: z.string(),
    session_id: sessionId,
    direction: z.enum(['to_claude', 'from_claude']),
    content: z.string(),
    message: z.string(),
    message_id: z.string().nullable().optional().describe('Of an answer: the message it answers'),
    timestamp,
    cost_usd: costUsd,
    status: z.enum(MESSAGE_STATUSES),
    context: z.record(z.string(), z.unknown()).nullable(),
    reply_to: z.string().nullable(),
    usage: z.array(modelUsage),
    simulated: z.boolean().optional().describe('Of an answer: whether the simulator gave it'),
    error: failure.optional().describe('Of an answer: why its turn is not done'),
  })
  .meta({ id: 'HistoryMessage' });

/** A page of a session's history, both directions. */
export const historyPage = z
  .object({ messages: z.array(historyMessage), next_cursor: z.string().nullable() })
  .meta({ id: 'HistoryPage' });

/** Query of `GET /sessions/:session_id/messages`. */
export const historyQuery = z.object({
  limit,
  cursor: cursor.optional(),
  order: z.enum(['asc', 'desc']).default('asc').describe('asc: oldest first'),
});

/** Path parameters of one message. */
export const messageParams = z.object({ session_id: sessionId, message_id: z.string().min(1).max(128) });

/** Query of `GET /search`. */
export const searchQuery = z.object({
  q: z.string().min(1).max(256).describe('Words to look for'),
  session_id: sessionId.optional(),
  limit: queryInteger(1, 200).default(20).describe('Hits'),
});

/** Answer of `GET /search`, best first. */
export const searchHits = z.object({ messages: z.array(historyMessage) }).meta({ id: 'SearchHits' });

/** Query of `GET /sessions/:session_id/export`. */
export const exportQuery = z.object({ format: z.enum(['jsonl', 'md']).default('jsonl') });
