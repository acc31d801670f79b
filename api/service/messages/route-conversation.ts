import { randomUUID } from 'node:crypto';
import { claimRoute, findRouted } from '../../../db/queries/idempotency.ts';
import type { RoutedMessage } from '../../../db/queries/idempotency.ts';
import { newestOpenSession } from '../../../db/queries/open-sessions.ts';
import { findUserByChannel } from '../../../db/queries/user-by-channel.ts';
import { errors } from '../../../domain/errors.ts';
import { routingKeyword } from '../../../domain/routing.ts';
import type { Routed, RouteConversation } from '../../../domain/service-data.ts';
import type { User } from '../../../domain/access/user.ts';
import { policy } from '../../access/policy.ts';
import type { SessionService } from '../service.ts';
import type { ServiceContext } from '../context.ts';
import { makeDeliverRouted, newSessionFor } from './deliver-routed.ts';
import { bodyHash, idOfNames } from './message-ids.ts';

/** Gives a message from a channel to its sender's session, or says why the assistant should answer it. */
export function makeRoute(
  context: ServiceContext,
  doors: Pick<SessionService, 'create' | 'submit'>,
): SessionService['route'] {
  const deliver = makeDeliverRouted(context, doors);

  return async function route(caller, input) {
    const user = findUserByChannel(context.db, input.channel, input.from);
    if (user === null || policy(caller, 'route', user.id) !== 'allowed') throw errors.userNotFound(input.from);
    const refusal = whyNot(user, input.message);
    if (refusal !== null) return handledByAssistant(user, refusal);
    const place = placeFor(context, user, input);
    if (place === null) {
      return handledByAssistant(user, 'no open session, and the user has no default project for a new one');
    }
    const delivered = await deliver(place, user, input);
    return { routed: true, user_id: user.id, action: 'routed_to_claude_code', ...delivered };
  };
}

function whyNot(user: User, message: string): string | null {
  if (!user.admin) return 'only admin users are routed';
  return routingKeyword(message) === null ? 'no keyword in the message' : null;
}

function handledByAssistant(user: User, reason: string): Routed {
  return { routed: false, user_id: user.id, action: 'handled_by_assistant', reason };
}

/** The session and the id under which the message goes: for a caller's key the same for ever, else chosen now. */
function placeFor(context: ServiceContext, user: User, input: RouteConversation): RoutedMessage | null {
  const { message, idempotency_key } = input;
  const channel = input.channel.toLowerCase();
  const key = idempotency_key ?? '';
  const asked = { user_id: user.id, channel, key, body_hash: bodyHash({ message }) };
  const known = idempotency_key === null ? null : findRouted(context.db, asked);
  if (known !== null) return known;

  const message_id = idempotency_key === null ? randomUUID() : idOfNames('route', user.id, channel, key);
  const session_id = newestOpenSession(context.db, user.id) ?? newSessionFor(user, message_id);
  if (session_id === null) return null;
  const place = { ...asked, session_id, message_id };
  return idempotency_key === null ? place : claimRoute(context.db, place);
}
