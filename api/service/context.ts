import type { Bus } from '../../db/events/bus.ts';
import type { Database } from '../../db/file/open.ts';
import { makeEventQueries } from '../../db/queries/events.ts';
import type { EventQueries } from '../../db/queries/events.ts';
import { InteractionQueries } from '../../db/queries/interactions.ts';
import { makeMessageQueries } from '../../db/queries/messages.ts';
import type { MessageQueries } from '../../db/queries/messages.ts';
import { makeSessionQueries } from '../../db/queries/sessions.ts';
import type { FoundSession, SessionQueries } from '../../db/queries/sessions.ts';
import type { Reports } from '../../db/reports/reports.ts';
import { makeShowCost } from '../../db/queries/show-cost.ts';
import type { Caller } from '../../domain/access/caller.ts';
import { errors } from '../../domain/errors.ts';
import type { Mirror } from '../../domain/mirror/mirror-write.ts';
import type { GatewayControl, SessionStart, SessionWorkflows } from '../../domain/session/session-workflows.ts';
import type { Logger } from '../../domain/logger.ts';
import type { ModeLimits } from '../access/permitted-options.ts';
import { policy } from '../access/policy.ts';
import type { Action } from '../access/policy.ts';
import type { ProjectPolicy } from '../access/project-policy.ts';

/** What the session service is made of. */
export interface SessionServiceDeps {
  db: Database;
  mirror: Mirror;
  reports: Reports;
  /** The bus that the mirror publishes to. */
  bus: Bus;
  workflows: SessionWorkflows;
  gateway: GatewayControl;
  projects: ProjectPolicy;
  limits: { maxSessions: number; maxSessionsPerUser: number; queueDepth: number };
  /** Which permission modes sessions may have. */
  modes: ModeLimits;
  /** What a session's options are where the caller says nothing. */
  defaults: SessionStart['options'];
  trackCosts: boolean;
  logger: Logger;
  /** Milliseconds that callers wait; the defaults are the contract's. */
  waits?: { connectMs?: number; disconnectMs?: number; reapMs?: number };
}

/** What the parts of the service share. */
export interface ServiceContext extends SessionServiceDeps {
  sessions: SessionQueries;
  messages: MessageQueries;
  events: EventQueries;
  interactions: InteractionQueries;
  waits: { connectMs: number; disconnectMs: number; reapMs: number };
  /** The session, if the caller may do this with it. Throws `SESSION_NOT_FOUND`. */
  visible(caller: Caller, action: Action, sessionId: string): FoundSession;
}

/** Prepares the queries over the file and the rule about what a caller sees. */
export function makeContext(deps: SessionServiceDeps): ServiceContext {
  const { db, trackCosts } = deps;
  const showCost = makeShowCost(trackCosts);
  const sessions = makeSessionQueries(db, showCost);

  return {
    ...deps,
    sessions,
    messages: makeMessageQueries(db, showCost),
    events: makeEventQueries(db, showCost),
    interactions: new InteractionQueries(db),
    waits: { connectMs: 30_000, disconnectMs: 30_000, reapMs: 3_000, ...deps.waits },
    visible(caller, action, sessionId) {
      const found = sessions.find(sessionId);
      if (found === null || policy(caller, action, found.user_id) !== 'allowed')
        throw errors.sessionNotFound(sessionId);
      return found;
    },
  };
}
