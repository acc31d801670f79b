import { idempotencyHeaders } from './messages.ts';
import { routeConversationBody, routed } from '../schemas/routing.ts';
import { defineRoute, PREFIX } from './http/route-spec.ts';

/** Messages that come in from other channels. */
export const ROUTING_ROUTES = {
  routeConversation: defineRoute({
    operationId: 'routeConversation',
    method: 'post',
    path: `${PREFIX}/route-conversation`,
    summary: 'Deliver an incoming message to Claude Code when it is about work on a project',
    tag: 'routing',
    headers: idempotencyHeaders,
    body: routeConversationBody,
    answers: { 200: { description: 'Where the message went', schema: routed } },
    errors: [
      'USER_NOT_FOUND',
      'MAX_SESSIONS',
      'QUEUE_FULL',
      'PROJECT_PATH',
      'AGENT_UNREACHABLE',
      'IDEMPOTENCY_MISMATCH',
    ],
  }),
} as const;
