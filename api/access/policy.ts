import type { Caller } from '../../domain/access/caller.ts';

/** What a caller may want; `owner` is the user that a session, or the money, belongs to. */
export type Action = 'read_session' | 'change_session' | 'create_session' | 'read_user' | 'read_everything' | 'route';

/** `hidden`: the caller is told that it is not there. */
export type Verdict = 'allowed' | 'hidden' | 'forbidden';

/**
 * The one rule about who may do what, at every door. Who calls locally without a token acts as the user it names, and an
 * admin as anyone; every other token sees its own user only.
 */
export function policy(caller: Caller, action: Action, owner: string | null): Verdict {
  if (caller.admin || caller.via === 'local') return 'allowed';
  if (caller.user_id === null) return action === 'read_everything' ? 'forbidden' : 'hidden';
  if (action === 'read_everything') return 'forbidden';
  return owner === caller.user_id ? 'allowed' : 'hidden';
}

/** The user whose sessions are all that the caller sees; null for everyone's. */
export function onlyUserOf(caller: Caller): string | null {
  return policy(caller, 'read_everything', null) === 'allowed' ? null : (caller.user_id ?? '');
}
