import { publicSession } from '../../db/queries/sessions.ts';
import { userExists } from '../../db/queries/user-by-channel.ts';
import type { Caller } from '../../domain/access/caller.ts';
import { isOpenMessage } from '../../domain/session/turn.ts';
import { errors, XswarmError } from '../../domain/errors.ts';
import type { CostFilter, MessageState } from '../../domain/service-data.ts';
import { onlyUserOf, policy } from '../access/policy.ts';
import type { SessionService } from './service.ts';
import type { ServiceContext } from './context.ts';
import { waitFor } from './wait-for.ts';

type Reads =
  'get' | 'list' | 'message' | 'settled' | 'history' | 'search' | 'events' | 'userCost' | 'totalCost' | 'costs';

/** Everything that is answered from the mirror. */
export function makeReads(context: ServiceContext): Pick<SessionService, Reads> {
  const { sessions, messages, events, reports, interactions } = context;

  function knownUser(caller: Caller, userId: string): string {
    const visibleUser = policy(caller, 'read_user', userId) === 'allowed';
    // A user that was removed leaves sessions behind, and what they cost.
    if (visibleUser && (userExists(context.db, userId) || sessions.hasAny(userId))) return userId;
    throw errors.userNotFound(userId);
  }

  return {
    get: async (caller, sessionId) => publicSession(context.visible(caller, 'read_session', sessionId)),
    async list(caller, filter) {
      const only = onlyUserOf(caller) ?? undefined;
      const user_id = filter.user_id === undefined ? only : knownUser(caller, filter.user_id);
      const project_path = filter.project_path && (await asStored(context, filter.project_path));
      return sessions.list({ ...filter, user_id, project_path });
    },
    async message(caller, sessionId, messageId) {
      context.visible(caller, 'read_session', sessionId);
      const state = messages.state(sessionId, messageId.toLowerCase());
      if (state === null) throw errors.messageNotFound(messageId);
      return state;
    },
    async settled(caller, sessionId, messageId, waitMs, signal, orPerson = false) {
      context.visible(caller, 'read_session', sessionId);
      const id = messageId.toLowerCase();
      const look = (): MessageState | null => {
        const state = messages.state(sessionId, id);
        if (state === null) return null;
        if (!isOpenMessage(state.status)) return state;
        return orPerson && interactions.waitingOf(sessionId) !== null ? state : null;
      };
      const state = await waitFor(context.bus, {
        sessionId,
        events: ['result', 'queued', 'interaction'],
        timeoutMs: waitMs,
        signal,
        look,
      });
      const last = state ?? messages.state(sessionId, id);
      if (last === null) throw errors.messageNotFound(messageId);
      return last;
    },
    async history(caller, sessionId, page) {
      context.visible(caller, 'read_session', sessionId);
      return messages.history(sessionId, page);
    },
    async search(caller, { q, session_id, limit }) {
      if (session_id !== undefined) context.visible(caller, 'read_session', session_id);
      const user_id = onlyUserOf(caller) ?? undefined;
      return messages.byKeys(await reports.search({ q, session_id, limit, user_id }));
    },
    async events(caller, sessionId, { before, after, limit }) {
      context.visible(caller, 'read_session', sessionId);
      if (before !== undefined && after === undefined) return events.before(sessionId, before, limit);
      const page = events.after(sessionId, after ?? 0, limit);
      return before === undefined ? page : page.filter((event) => event.seq < before);
    },
    userCost: async (caller, userId, filter) => reports.cost(knownUser(caller, userId), checkedPeriod(filter)),
    async totalCost(caller, filter) {
      if (policy(caller, 'read_everything', null) !== 'allowed') {
        throw errors.forbidden('Only an admin may see what all users cost');
      }
      return await reports.cost(null, checkedPeriod(filter));
    },
    async costs(caller, { user_id, ...question }) {
      const owner = user_id === undefined ? onlyUserOf(caller) : knownUser(caller, user_id);
      return await reports.costs({ ...question, user_id: owner });
    },
  };
}

/** The path as sessions have it: real, links resolved; as it is where there is no such folder any more. */
async function asStored({ projects }: ServiceContext, path: string): Promise<string> {
  try {
    return await projects.check(path);
  } catch (error) {
    if (error instanceof XswarmError && error.code === 'PROJECT_PATH') return path;
    throw error;
  }
}

function checkedPeriod(filter: CostFilter): CostFilter {
  return { ...filter, since: checkedTime('since', filter.since), until: checkedTime('until', filter.until) };
}

function checkedTime(field: string, text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const at = Date.parse(text);
  if (Number.isNaN(at)) throw errors.invalidRequest(`${field}: "${text.slice(0, 64)}" is no time: ISO 8601 is wanted`);
  return new Date(at).toISOString();
}
