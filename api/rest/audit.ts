import { z } from 'zod';
import { AUDITED_ACTIONS } from '../../domain/access/audit.ts';
import type { Audit } from '../../domain/access/audit.ts';
import { errors } from '../../domain/errors.ts';
import { policy } from '../access/policy.ts';
import { queryInteger, userId } from '../fields.ts';
import type { Bind } from './http/bind.ts';
import { defineRoute, PREFIX } from './http/route-spec.ts';

const OUTCOMES = ['done', 'refused'] as const;

const record = z
  .object({
    id: z.number().int(),
    at: z.iso.datetime(),
    who: z.string().nullable(),
    door: z.enum(['rest', 'socket', 'cli', 'web', 'sms', 'email']),
    evidence: z.enum(['none', 'local', 'token', 'cookie', 'signed', 'verified']),
    action: z.enum(AUDITED_ACTIONS),
    object: z.string().nullable(),
    outcome: z.enum(OUTCOMES),
    reason: z.string().nullable(),
  })
  .meta({ id: 'AuditRecord' });

/** Answer of `GET /audit`. */
const auditPage = z
  .object({ records: z.array(record), next_cursor: z.string().nullable() })
  .meta({ id: 'AuditPage', examples: [{ records: [], next_cursor: null }] });

/** Query of `GET /audit`. */
const auditQuery = z.object({
  user_id: userId.optional().describe('Only what this user did'),
  action: z.enum(AUDITED_ACTIONS).optional(),
  outcome: z.enum(OUTCOMES).optional(),
  limit: queryInteger(1, 1000).default(100),
  cursor: queryInteger(1, Number.MAX_SAFE_INTEGER).optional().describe('`next_cursor` of the page before'),
});

/** Who did what, and who was refused. */
export const AUDIT_ROUTES = {
  listAudit: defineRoute({
    operationId: 'listAudit',
    method: 'get',
    path: `${PREFIX}/audit`,
    summary: 'Who logged in, who was refused, and what administrators did, newest first, for admins',
    tag: 'service',
    query: auditQuery,
    answers: { 200: { description: 'A page of records', schema: auditPage } },
    errors: [],
  }),
} as const;

/** The audit, for administrators. */
export function bindAudit(bind: Bind, { audit }: { audit: Audit }): void {
  bind(AUDIT_ROUTES.listAudit, ({ caller, query, res }) => {
    if (policy(caller, 'read_everything', null) !== 'allowed') {
      throw errors.forbidden('Only an admin may read the audit');
    }
    const { limit, cursor: before, user_id: who, action, outcome } = query;
    const records = audit.list({ limit, before, who, action, outcome });
    const last = records.length === limit ? records.at(-1) : undefined;
    res.json({ records, next_cursor: last === undefined ? null : String(last.id) });
  });
}
