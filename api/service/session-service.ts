import { sql } from 'drizzle-orm';
import { databaseAway, isDatabaseAway } from '../../db/file/away.ts';
import { XswarmError } from '../../domain/errors.ts';
import type { SessionService } from './service.ts';
import { makeContext } from './context.ts';
import type { SessionServiceDeps } from './context.ts';
import { makeCreateSession, makeResume } from './sessions/create-session.ts';
import { makeCleanup, makeDisconnect, makeInterrupt } from './sessions/end-session.ts';
import { makePresence } from './sessions/presence.ts';
import { Interactions } from './interactions.ts';
import { makeReads } from './read-sessions.ts';
import { makeRoute } from './messages/route-conversation.ts';
import { makeSubmitMessage } from './messages/submit-message.ts';
import { makeWatch, makeWatchAll } from '../streams/watch.ts';

export type { SessionServiceDeps } from './context.ts';
export { reconcileAdmissions } from './sessions/reconcile-admissions.ts';

/** The session service over the SQLite file, the workflows and the gateway. */
export function makeSessionService(deps: SessionServiceDeps): SessionService {
  const context = makeContext(deps);
  const create = makeCreateSession(context);
  const submit = makeSubmitMessage(context);
  const reads = makeReads(context);
  const interactions = new Interactions(context);

  /** The call, with the words of the contract where it is the file that cannot be reached. */
  const guarded = <A extends unknown[], R>(call: (...args: A) => Promise<R>): ((...args: A) => Promise<R>) => {
    return async (...args) => {
      try {
        return await call(...args);
      } catch (error) {
        // Where Temporal cannot write, it may be the disk that is ours too.
        if (error instanceof XswarmError && error.code === 'UNAVAILABLE') deps.db.health.suspect();
        if (!isDatabaseAway(error)) throw error;
        deps.db.health.note(error);
        throw databaseAway(error);
      }
    };
  };

  return {
    create: guarded(create),
    submit: guarded(submit),
    disconnect: guarded(makeDisconnect(context)),
    cleanup: guarded(makeCleanup(context)),
    interrupt: guarded(makeInterrupt(context)),
    resume: guarded(makeResume(context)),
    presence: guarded(makePresence(context)),
    route: guarded(makeRoute(context, { create, submit })),
    inbox: guarded(async (...args) => interactions.inbox(...args)),
    interaction: guarded(async (...args) => interactions.get(...args)),
    answer: guarded((...args) => interactions.answer(...args)),
    get: guarded(reads.get),
    list: guarded(reads.list),
    message: guarded(reads.message),
    settled: guarded(reads.settled),
    history: guarded(reads.history),
    search: guarded(reads.search),
    events: guarded(reads.events),
    userCost: guarded(reads.userCost),
    totalCost: guarded(reads.totalCost),
    costs: guarded(reads.costs),
    watch: makeWatch(context),
    watchAll: makeWatchAll(context),
    ready: guarded(async () => {
      deps.db.get(sql`SELECT 1`);
      deps.db.health.check();
      await Promise.all([deps.workflows.ping(), deps.gateway.ping()]);
    }),
  };
}
