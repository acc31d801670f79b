import { randomUUID } from 'node:crypto';
import { reroute } from '../../../db/queries/idempotency.ts';
import type { RoutedMessage } from '../../../db/queries/idempotency.ts';
import { newestOpenSession } from '../../../db/queries/open-sessions.ts';
import type { Caller } from '../../../domain/access/caller.ts';
import { XswarmError } from '../../../domain/errors.ts';
import type { RouteConversation } from '../../../domain/service-data.ts';
import type { User } from '../../../domain/access/user.ts';
import type { SessionService } from '../service.ts';
import type { ServiceContext } from '../context.ts';
import { idOfNames } from './message-ids.ts';

const SESSIONS_TRIED = 3;

type Delivered = Pick<RoutedMessage, 'session_id' | 'message_id'>;

/**
 * Delivers a routed message to its session, which it starts where there is none yet. A session that ends just now does
 * not take the message: the next one does, under the same message id.
 */
export function makeDeliverRouted(
  context: ServiceContext,
  { create, submit }: Pick<SessionService, 'create' | 'submit'>,
): (place: RoutedMessage, user: User, input: RouteConversation) => Promise<Delivered> {
  return async function deliver(place, user, input) {
    for (let tries = 1; ; tries += 1) {
      try {
        return await deliverTo(place, user, input);
      } catch (error) {
        const next = isEnded(error) && tries < SESSIONS_TRIED ? nextSession(place, user) : null;
        if (next === null) throw error;
        place = reroute(context.db, place, next);
      }
    }
  };

  async function deliverTo(place: RoutedMessage, user: User, input: RouteConversation): Promise<Delivered> {
    const { session_id, message_id } = place;
    const caller = actingFor(user);
    if (context.sessions.find(session_id) === null) {
      await create(caller, { user_id: user.id, project_path: user.default_project ?? '', session_id });
    }
    const { message, channel, from } = input;
    const state = await submit(caller, session_id, {
      message,
      context: { source: channel, from },
      idempotency_key: null,
      message_id,
    });
    return { session_id, message_id: state.message_id };
  }

  function nextSession(place: RoutedMessage, user: User): string | null {
    const open = newestOpenSession(context.db, user.id);
    return open !== null && open !== place.session_id ? open : newSessionFor(user, randomUUID());
  }
}

/** The id of a new session in the user's default project; made of the message's id, so that a repetition makes no second. */
export function newSessionFor(user: User, messageId: string): string | null {
  return user.default_project === null ? null : idOfNames('session', user.id, messageId);
}

/** The user's own sessions are all that its message may reach. */
function actingFor(user: User): Caller {
  return { user_id: user.id, admin: false, via: 'token' };
}

function isEnded(error: unknown): boolean {
  return error instanceof XswarmError && error.code === 'SESSION_NOT_ACTIVE';
}
