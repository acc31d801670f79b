import type { Door, Evidence } from './caller.ts';

/** What is audited. `docs/security.md` has the same list. */
export const AUDITED_ACTIONS = [
  'login',
  'login.code',
  'login.end',
  'call',
  'token.create',
  'token.revoke',
  'user.add',
  'user.remove',
  'mirror.check',
  'mirror.rebuild',
  'project.trust',
  'project.forget',
  'session.permission',
] as const;
export type AuditedAction = (typeof AUDITED_ACTIONS)[number];

/** One thing that somebody did, or was refused, and that an administrator may have to explain later. */
export interface AuditEntry {
  /** The user, or the person at the operating system for the command line; null where nobody is known. */
  who: string | null;
  door: Door;
  evidence: Evidence;
  action: AuditedAction;
  /** What it was done to: the id of a user, token or session, a folder, or the route of a refused call. Never a secret. */
  object: string | null;
  outcome: 'done' | 'refused';
  /** Why it was refused, or what changed. Never a secret. */
  reason?: string | null;
}

/** An entry as it is kept. */
export interface AuditRecord extends Required<AuditEntry> {
  id: number;
  /** ISO 8601, UTC. */
  at: string;
}

/** Which records are wanted: the newest `limit` of those that match, before the id `before`. */
export interface AuditFilter {
  limit: number;
  before?: number;
  who?: string;
  action?: AuditedAction;
  outcome?: AuditEntry['outcome'];
}

/** The record of what was done and refused. */
export interface Audit {
  /** Writes an entry to the table and the log. Never throws: what was done must not fail because it cannot be recorded. */
  record(entry: AuditEntry): void;
  /** Returns records, newest first. */
  list(filter: AuditFilter): AuditRecord[];
}
