import type { Response } from 'express';
import { z } from 'zod';
import { MESSAGE_STATUSES } from '../../domain/session/turn.ts';
import {
  sessionParams,
  cursor,
  limit,
  queryInteger,
  costUsd,
  messageContext,
  messageText,
  optional,
  sessionId,
  timestamp,
} from '../fields.ts';
import type { ApiLimits } from '../options.ts';
import { toHistoryMessage } from '../service/present.ts';
import type { MessageState, Session, SessionService } from '../service/service.ts';
import { isSettled, turnAnswer, waitForTurn } from '../service/wait-for-turn.ts';
import { interactionBody } from './interactions.ts';
import type { Bind } from './http/bind.ts';
import { defineRoute, PREFIX, SESSION } from './http/route-spec.ts';

/** Body of `POST /sessions/:session_id/messages`. */
const sendMessageBody = z
  .object({ message: messageText, context: optional(messageContext) })
  .meta({ id: 'SendMessage', examples: [{ message: 'Check git status', context: { source: 'sms' } }] });

/** Headers of the calls that deliver a message. */
export const idempotencyHeaders = z.object({
  'idempotency-key': z
    .string()
    .regex(/^[\x21-\x7e]{1,255}$/, '1 to 255 visible ASCII characters')
    .optional()
    .describe('The same key is the same message for ever'),
});

/** Headers of `POST /sessions/:session_id/messages`. */
const sendMessageHeaders = idempotencyHeaders.extend({
  prefer: z.string().max(500).optional().describe('respond-async, or wait=N in seconds (at most 600)'),
});

/** The answer to a message whose turn is done. */
const messageAnswer = z
  .object({
    message_id: z.string(),
    response_id: z.string().optional().describe('Id of the response in the history'),
    content: z.string(),
    cost_usd: costUsd,
    timestamp,
    simulated: z.boolean().optional(),
  })
  .meta({
    id: 'MessageAnswer',
    examples: [
      {
        message_id: '0190f6a2-7b1c-4c11-9d3e-5a8f1c2b3d4e',
        content: 'On branch main, nothing to commit',
        cost_usd: 0.0213,
        timestamp: '2026-11-25T09:31:12.345Z',
      },
    ],
  });

/** The answer to a message whose turn goes on. */
const messageAccepted = z
  .object({
    message_id: z.string(),
    status: z.enum(MESSAGE_STATUSES),
    url: z.string(),
    waiting: interactionBody.optional().describe('What the session waits for, where it waits for a person'),
  })
  .meta({
    id: 'MessageAccepted',
    examples: [
      {
        message_id: '0190f6a2-7b1c-4c11-9d3e-5a8f1c2b3d4e',
        status: 'queued',
        url: '/api/claude-code/sessions/session-1/messages/0190f6a2-7b1c-4c11-9d3e-5a8f1c2b3d4e',
      },
    ],
  });

const failure = z.object({ code: z.string(), message: z.string() });

/** Where a message is and, once its turn is settled, the answer. */
const messageState = z
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
  .meta({
    id: 'MessageState',
    examples: [
      {
        message_id: '0190f6a2-7b1c-4c11-9d3e-5a8f1c2b3d4e',
        session_id: 'session-1',
        status: 'done',
        content: 'On branch main, nothing to commit',
        cost_usd: 0.0213,
        timestamp: '2026-11-25T09:31:12.345Z',
      },
    ],
  });

const modelUsage = z.object({
  model: z.string(),
  input_tokens: z.number().int(),
  output_tokens: z.number().int(),
  cache_read_tokens: z.number().int(),
  cache_creation_tokens: z.number().int(),
  cost_nano: z.number().int(),
});

/** One message of a session's history; `message` (the column) and `content` (the contract's word) are the same text. */
const historyMessage = z
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
const historyPage = z
  .object({ messages: z.array(historyMessage), next_cursor: z.string().nullable() })
  .meta({ id: 'HistoryPage' });

/** Query of `GET /sessions/:session_id/messages`. */
const historyQuery = z.object({
  limit,
  cursor: cursor.optional(),
  order: z.enum(['asc', 'desc']).default('asc').describe('asc: oldest first'),
});

/** Path parameters of one message. */
const messageParams = z.object({ session_id: sessionId, message_id: z.string().min(1).max(128) });

/** Query of `GET /search`. */
const searchQuery = z.object({
  q: z.string().min(1).max(256).describe('Words to look for'),
  session_id: sessionId.optional(),
  limit: queryInteger(1, 200).default(20).describe('Hits'),
});

/** Answer of `GET /search`, best first. */
const searchHits = z.object({ messages: z.array(historyMessage) }).meta({ id: 'SearchHits' });

/** What is said in sessions. */
export const MESSAGE_ROUTES = {
  sendMessage: defineRoute({
    operationId: 'sendMessage',
    method: 'post',
    path: `${SESSION}/messages`,
    summary:
      'Send a message and wait for the answer (120 s, or as Prefer says); the turn goes on when the wait is over',
    tag: 'messages',
    params: sessionParams,
    headers: sendMessageHeaders,
    body: sendMessageBody,
    answers: {
      200: { description: 'The answer', schema: messageAnswer },
      202: { description: 'Accepted: the turn goes on', schema: messageAccepted },
    },
    errors: [
      'SESSION_NOT_FOUND',
      'SESSION_NOT_ACTIVE',
      'QUEUE_FULL',
      'IDEMPOTENCY_MISMATCH',
      'TURN_FAILED',
      'TURN_UNKNOWN',
    ],
  }),
  listMessages: defineRoute({
    operationId: 'listMessages',
    method: 'get',
    path: `${SESSION}/messages`,
    summary: 'The history of a session, both directions',
    tag: 'messages',
    params: sessionParams,
    query: historyQuery,
    answers: { 200: { description: 'A page of messages', schema: historyPage } },
    errors: ['SESSION_NOT_FOUND'],
  }),
  getMessage: defineRoute({
    operationId: 'getMessage',
    method: 'get',
    path: `${SESSION}/messages/:message_id`,
    summary: 'Where a message is and, once its turn is settled, the answer',
    tag: 'messages',
    params: messageParams,
    answers: { 200: { description: 'The message', schema: messageState } },
    errors: ['SESSION_NOT_FOUND', 'MESSAGE_NOT_FOUND'],
  }),
  searchMessages: defineRoute({
    operationId: 'searchMessages',
    method: 'get',
    path: `${PREFIX}/search`,
    summary: 'Look for words in the messages that the caller may see',
    tag: 'messages',
    query: searchQuery,
    answers: { 200: { description: 'The hits, best first', schema: searchHits } },
    errors: ['SESSION_NOT_FOUND'],
  }),
} as const;

/** What a `Prefer` header asks of a message call. */
interface Preference {
  waitMs: number;
  /** What `Preference-Applied` says; null when nothing was asked. */
  applied: string | null;
}

/**
 * Reads `respond-async` and `wait=N` (seconds, capped). Both together: wait so long, then answer 202.
 * What it does not know it leaves alone, as RFC 7240 wants.
 */
export function parsePrefer(header: string | undefined, defaultWaitMs: number, maxWaitMs: number): Preference {
  const wishes = (header ?? '').split(',').map((wish) => wish.trim().toLowerCase());
  const wait = wishes.map((wish) => /^wait\s*=\s*"?(\d{1,9})"?$/.exec(wish)?.[1]).find((found) => found !== undefined);
  const applied = wishes.includes('respond-async') ? ['respond-async'] : [];
  if (wait === undefined) {
    return applied.length > 0 ? { waitMs: 0, applied: applied.join(', ') } : { waitMs: defaultWaitMs, applied: null };
  }
  const waitMs = Math.min(Number(wait) * 1000, maxWaitMs);
  return { waitMs, applied: [...applied, `wait=${waitMs / 1000}`].join(', ') };
}

/** 200 with the answer of a settled turn, its error, or 202 with the place where the answer will be. */
function answerTurn(res: Response, state: MessageState, isAsync: boolean, waiting: Session['waiting']): void {
  if (isSettled(state) && !isAsync) return void res.json(turnAnswer(state));
  const url = `${PREFIX}/sessions/${state.session_id}/messages/${state.message_id}`;
  res
    .status(202)
    .location(url)
    .json({ message_id: state.message_id, status: state.status, url, ...(waiting !== null && { waiting }) });
}

/** What is said in sessions: send, look at, page through, search. */
export function bindMessages(bind: Bind, { service, limits }: { service: SessionService; limits: ApiLimits }): void {
  bind(MESSAGE_ROUTES.sendMessage, async ({ caller, params, headers, body, signal, res }) => {
    const preference = parsePrefer(headers.prefer, limits.defaultWaitMs, limits.maxWaitMs);
    const idempotencyKey = headers['idempotency-key'] ?? null;
    const input = { ...body, idempotency_key: idempotencyKey };
    const accepted = await service.submit(caller, params.session_id, input);
    const state = await waitForTurn(service, caller, accepted, preference.waitMs, signal, { orPerson: true });
    const waiting = isSettled(state) ? null : (await service.get(caller, params.session_id)).waiting;
    if (preference.applied !== null) res.set('Preference-Applied', preference.applied);
    answerTurn(res, state, preference.applied === 'respond-async', waiting);
  });

  bind(MESSAGE_ROUTES.listMessages, async ({ caller, params, query, res }) => {
    const { items, next_cursor } = await service.history(caller, params.session_id, query);
    res.json({ messages: items.map(toHistoryMessage), next_cursor });
  });

  bind(MESSAGE_ROUTES.getMessage, async ({ caller, params, res }) => {
    res.json(await service.message(caller, params.session_id, params.message_id));
  });

  bind(MESSAGE_ROUTES.searchMessages, async ({ caller, query, res }) => {
    const hits = await service.search(caller, query);
    res.json({ messages: hits.map(toHistoryMessage) });
  });
}
