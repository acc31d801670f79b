import { z } from 'zod';
import { INTERACTION_KINDS, INTERACTION_STATUSES } from '../../domain/control/interaction.ts';
import { cursor, limit, sessionId, timestamp, userId } from '../fields.ts';
import type { SessionService } from '../service/service.ts';
import type { Bind } from './http/bind.ts';
import { defineRoute, PREFIX } from './http/route-spec.ts';

const answer = z.record(z.string(), z.unknown());

/** The contract's interaction; `detail` and `answer` depend on `kind`. */
export const interactionBody = z
  .object({
    interaction_id: z.string(),
    session_id: sessionId,
    message_id: z.string().nullable(),
    kind: z.enum(INTERACTION_KINDS),
    status: z.enum(INTERACTION_STATUSES),
    title: z.string(),
    detail: z.record(z.string(), z.unknown()),
    created_at: timestamp,
    expires_at: timestamp.nullable(),
    number: z.number().int().positive().describe('Small, and unique among the open ones of a user'),
    answer: answer.nullable(),
    answered_by: z.string().nullable(),
    answered_via: z.string().nullable(),
    answered_at: timestamp.nullable(),
    withdrawn_reason: z.string().nullable(),
  })
  .meta({
    id: 'Interaction',
    examples: [
      {
        interaction_id: 'int-1',
        session_id: 'session-1',
        message_id: '0190f6a2-7b1c-4c11-9d3e-5a8f1c2b3d4e',
        kind: 'permission',
        status: 'open',
        title: 'Bash: npm test',
        detail: {
          tool: 'Bash',
          input: { command: 'npm test' },
          summary: 'npm test',
          reason: 'Bash commands need permission',
          blocked_path: null,
          suggestions: [{ rule: 'Bash(npm test:*)', label: 'Allow npm test' }],
        },
        created_at: '2026-11-25T09:31:12.345Z',
        expires_at: null,
        number: 1,
        answer: null,
        answered_by: null,
        answered_via: null,
        answered_at: null,
        withdrawn_reason: null,
      },
    ],
  });

const inboxQuery = z.object({
  user_id: userId.optional(),
  session_id: sessionId.optional(),
  status: z.enum(INTERACTION_STATUSES).default('open'),
  limit,
  cursor: cursor.optional(),
});

const inboxPage = z
  .object({ interactions: z.array(interactionBody), next_cursor: z.string().nullable() })
  .meta({ id: 'Inbox' });

const interactionParams = z.object({ interaction_id: z.string().min(1).max(128) });

/** Body of an answer; which fields belong to it depends on the kind, see docs/approvals.md. */
const answerBody = z.looseObject({ decision: z.string().optional() }).meta({
  id: 'AnswerInteraction',
  examples: [{ decision: 'allow' }, { decision: 'deny', reason: 'Use the Makefile' }],
});

/** What waits for people. */
export const INTERACTION_ROUTES = {
  inbox: defineRoute({
    operationId: 'inbox',
    method: 'get',
    path: `${PREFIX}/inbox`,
    summary: 'What waits for the caller, oldest first',
    tag: 'interactions',
    query: inboxQuery,
    answers: { 200: { description: 'A page of interactions', schema: inboxPage } },
    errors: ['SESSION_NOT_FOUND', 'USER_NOT_FOUND'],
  }),
  getInteraction: defineRoute({
    operationId: 'getInteraction',
    method: 'get',
    path: `${PREFIX}/interactions/:interaction_id`,
    summary: 'One interaction',
    tag: 'interactions',
    params: interactionParams,
    answers: { 200: { description: 'The interaction', schema: interactionBody } },
    errors: ['INTERACTION_NOT_FOUND'],
  }),
  answerInteraction: defineRoute({
    operationId: 'answerInteraction',
    method: 'post',
    path: `${PREFIX}/interactions/:interaction_id/answer`,
    summary: 'Answer an interaction; the first answer wins, and the same answer again returns it',
    tag: 'interactions',
    params: interactionParams,
    body: answerBody,
    answers: { 200: { description: 'The interaction as it is now', schema: interactionBody } },
    errors: ['INTERACTION_NOT_FOUND', 'ALREADY_ANSWERED', 'INTERACTION_WITHDRAWN', 'INVALID_ANSWER', 'NOT_PERMITTED'],
  }),
} as const;

/** The inbox, and people's answers. */
export function bindInteractions(bind: Bind, { service }: { service: SessionService }): void {
  bind(INTERACTION_ROUTES.inbox, async ({ caller, query, res }) => {
    const { items, next_cursor } = await service.inbox(caller, query);
    res.json({ interactions: items, next_cursor });
  });

  bind(INTERACTION_ROUTES.getInteraction, async ({ caller, params, res }) => {
    res.json(await service.interaction(caller, params.interaction_id));
  });

  bind(INTERACTION_ROUTES.answerInteraction, async ({ caller, params, body, req, res }) => {
    const door = caller.via === 'cookie' ? 'web' : req.headers['x-xswarm-door'] === 'cli' ? 'cli' : 'rest';
    res.json(await service.answer(caller, params.interaction_id, body, door));
  });
}
