import { createHash } from 'node:crypto';
import type { Request } from 'express';
import { errors } from '../../domain/errors.ts';
import type { CookieLogins } from '../page/cookie-logins.ts';
import type { FailedLogins } from './failed-logins.ts';
import type { RateLimiter } from './rate-limit.ts';
import { bearerToken } from '../../protocol/http-access.ts';
import type { Caller, UserService } from '../service/service.ts';

/** Who calls without a token in local mode: whoever can reach loopback, as the user that the call names. */
export const LOCAL_CALLER: Caller = { user_id: null, admin: true, via: 'local' };

/** Returns who sent a request. Throws `UNAUTHENTICATED` or `RATE_LIMITED`. */
export type Identify = (req: Request) => Caller;

/** Whether the token or login of a request that was identified is still good. */
export type IsKnown = (req: Request) => boolean;

/** Identifies by bearer token or a login's cookie; without one by the mode. Each token, or else each address, has its own rate. */
export function makeIdentify(options: {
  users: UserService;
  logins: CookieLogins | null;
  auth: 'local' | 'token';
  limiter: RateLimiter;
  failed: FailedLogins;
}): { identify: Identify; isKnown: IsKnown } {
  const { users, logins, auth, limiter, failed } = options;
  const byToken = (token: string): Caller | null => users.authenticate(token);

  const identify: Identify = (req) => {
    const address = req.socket.remoteAddress ?? '';
    const token = bearerToken(req.headers.authorization);
    const login = token === null ? (logins?.identify(req) ?? null) : null;
    const known = token === null ? (login?.caller ?? null) : failed.attempt(address, token, byToken);
    const rateKey =
      login !== null
        ? `login:${login.login_id}`
        : known === null || token === null
          ? `address:${address}`
          : createHash('sha256').update(token).digest('base64');
    const waitSeconds = limiter.take(rateKey);
    if (waitSeconds > 0) throw errors.rateLimited(waitSeconds);
    if (known !== null) return known;
    if (token !== null || auth === 'token') throw errors.unauthenticated();
    return LOCAL_CALLER;
  };

  const isKnown: IsKnown = (req) => {
    try {
      const token = bearerToken(req.headers.authorization);
      if (token !== null) return byToken(token) !== null;
      return (logins?.identify(req) ?? null) !== null || auth !== 'token';
    } catch {
      // The database is away: it cannot have been revoked there.
      return true;
    }
  };

  return { identify, isKnown };
}
