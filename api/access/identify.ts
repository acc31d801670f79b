import { createHash } from 'node:crypto';
import type { Request } from 'express';
import { errors } from '../../domain/errors.ts';
import type { CookieLogins } from '../page/cookie-logins.ts';
import type { RateLimiter } from './rate-limit.ts';
import { bearerToken } from '../../protocol/http-access.ts';
import type { Caller, UserService } from '../service/service.ts';

/** Who calls without a token in local mode: whoever can reach loopback, as the user that the call names. */
export const LOCAL_CALLER: Caller = { user_id: null, admin: true, via: 'local' };

/** Says who sent a request. Throws `UNAUTHENTICATED` or `RATE_LIMITED`. */
export type Identify = (req: Request) => Caller;

/** Identifies by bearer token or a login's cookie; without one by the mode. Each token, or else each address, has its own rate. */
export function makeIdentify(options: {
  users: UserService;
  logins: CookieLogins | null;
  auth: 'local' | 'token';
  limiter: RateLimiter;
}): Identify {
  const { users, logins, auth, limiter } = options;
  return (req) => {
    const token = bearerToken(req.headers.authorization);
    const login = token === null ? (logins?.identify(req) ?? null) : null;
    const known = token === null ? (login?.caller ?? null) : users.authenticate(token);
    const rateKey =
      login !== null
        ? `login:${login.login_id}`
        : known === null || token === null
          ? `address:${req.socket.remoteAddress ?? ''}`
          : createHash('sha256').update(token).digest('base64');
    const waitSeconds = limiter.take(rateKey);
    if (waitSeconds > 0) throw errors.rateLimited(waitSeconds);
    if (known !== null) return known;
    if (token !== null || auth === 'token') throw errors.unauthenticated();
    return LOCAL_CALLER;
  };
}
