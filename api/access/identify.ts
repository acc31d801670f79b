import { createHash } from 'node:crypto';
import type { Request } from 'express';
import { errors } from '../../domain/errors.ts';
import type { RateLimiter } from './rate-limit.ts';
import { bearerToken } from '../../protocol/http-access.ts';
import type { Caller, UserService } from '../service/service.ts';

/** Who calls without a token in local mode: whoever can reach loopback, as the user that the call names. */
export const LOCAL_CALLER: Caller = { user_id: null, admin: true, via: 'local' };

/** Says who sent a request. Throws `UNAUTHENTICATED` or `RATE_LIMITED`. */
export type Identify = (req: Request) => Caller;

/** Identifies by bearer token; without one by the mode. Each token, or else each address, has its own rate. */
export function makeIdentify(options: { users: UserService; auth: 'local' | 'token'; limiter: RateLimiter }): Identify {
  const { users, auth, limiter } = options;
  return (req) => {
    const token = bearerToken(req.headers.authorization);
    const known = token === null ? null : users.authenticate(token);
    const rateKey =
      known === null || token === null
        ? `address:${req.socket.remoteAddress ?? ''}`
        : createHash('sha256').update(token).digest('base64');
    const waitSeconds = limiter.take(rateKey);
    if (waitSeconds > 0) throw errors.rateLimited(waitSeconds);
    if (known !== null) return known;
    if (token !== null || auth === 'token') throw errors.unauthenticated();
    return LOCAL_CALLER;
  };
}
