import * as message from '../messages.ts';
import * as session from '../../schemas/session.ts';
import { defineRoute, PREFIX, SESSION } from '../http/route-spec.ts';

/** What is said in sessions. */
export const MESSAGE_ROUTES = {
  sendMessage: defineRoute({
    operationId: 'sendMessage',
    method: 'post',
    path: `${SESSION}/messages`,
    summary:
      'Send a message and wait for the answer (120 s, or as Prefer says); the turn goes on when the wait is over',
    tag: 'messages',
    params: session.sessionParams,
    headers: message.sendMessageHeaders,
    body: message.sendMessageBody,
    answers: {
      200: { description: 'The answer', schema: message.messageAnswer },
      202: { description: 'Accepted: the turn goes on', schema: message.messageAccepted },
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
    params: session.sessionParams,
    query: message.historyQuery,
    answers: { 200: { description: 'A page of messages', schema: message.historyPage } },
    errors: ['SESSION_NOT_FOUND'],
  }),
  getMessage: defineRoute({
    operationId: 'getMessage',
    method: 'get',
    path: `${SESSION}/messages/:message_id`,
    summary: 'Where a message is and, once its turn is settled, the answer',
    tag: 'messages',
    params: message.messageParams,
    answers: { 200: { description: 'The message', schema: message.messageState } },
    errors: ['SESSION_NOT_FOUND', 'MESSAGE_NOT_FOUND'],
  }),
  searchMessages: defineRoute({
    operationId: 'searchMessages',
    method: 'get',
    path: `${PREFIX}/search`,
    summary: 'Look for words in the messages that the caller may see',
    tag: 'messages',
    query: message.searchQuery,
    answers: { 200: { description: 'The hits, best first', schema: message.searchHits } },
    errors: ['SESSION_NOT_FOUND'],
  }),
} as const;
