import { secretsEqual } from '../../protocol/http-access.ts';
import type { Caller, UserService } from '../service/service.ts';

/** Whoever holds the supervisor's own token acts as the user that each frame names. */
const SUPERVISOR: Caller = { user_id: null, admin: true, via: 'token' };

/** Says whom a token stands for: the supervisor, or a user; null when it is no good. */
export function makeAuthenticate({
  users,
  supervisorToken,
}: {
  users: UserService;
  supervisorToken: string;
}): (token: string) => Caller | null {
  return (token) => {
    if (token === '') return null;
    if (supervisorToken !== '' && secretsEqual(token, supervisorToken)) return SUPERVISOR;
    return users.authenticate(token);
  };
}
