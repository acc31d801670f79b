import { z } from 'zod';
import { messageText, sessionId, userId } from '../fields.ts';
import type { SessionService } from '../service/service.ts';
import type { Bind } from './http/bind.ts';
import { defineRoute, PREFIX } from './http/route-spec.ts';
import { idempotencyHeaders } from './messages.ts';

/** Body of `POST /route-conversation`. */
const routeConversationBody = z
  .object({
    from: z.string().min(1).max(320).describe('Phone number, address or user id'),
    message: messageText,
    channel: z.string().min(1).max(64).describe('sms, email, or anything else for a user id'),
  })
  .meta({ id: 'RouteConversation', examples: [{ from: '+15550100', message: 'run the tests', channel: 'sms' }] });

/** Answer of `POST /route-conversation`. */
const routed = z
  .object({
    routed: z.boolean(),
    user_id: userId,
    action: z.enum(['routed_to_claude_code', 'handled_by_assistant']),
    session_id: sessionId.optional(),
    message_id: z.string().optional(),
    reason: z.string().optional(),
  })
  .meta({
    id: 'Routed',
    examples: [{ routed: true, user_id: 'user123', action: 'routed_to_claude_code', session_id: 'session-1' }],
  });

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

/** Messages that come in from other channels. */
export function bindRouting(bind: Bind, { service }: { service: SessionService }): void {
  bind(ROUTING_ROUTES.routeConversation, async ({ caller, headers, body, res }) => {
    const idempotencyKey = headers['idempotency-key'] ?? null;
    res.json(await service.route(caller, { ...body, idempotency_key: idempotencyKey }));
  });
}
