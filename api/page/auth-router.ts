import express, { Router } from 'express';
import type { Request } from 'express';
import { z } from 'zod';
import { errors } from '../../domain/errors.ts';
import type { Audit } from '../../domain/access/audit.ts';
import type { UserService } from '../../domain/access/user.ts';
import type { Identify } from '../access/identify.ts';
import { makeRateLimiter } from '../access/rate-limit.ts';
import { parse } from '../parse.ts';
import { ROUTES } from '../rest/routes.ts';
import type { CookieLogins } from './cookie-logins.ts';

/** What the login of the page needs. */
export interface AuthDeps {
  logins: CookieLogins;
  users: Pick<UserService, 'list'>;
  audit: Audit;
  identify: Identify;
  mode: 'local' | 'token';
  version: string;
  /** Where Temporal's Web UI lists workflows; null where that is not known. */
  workflowsUrl: string | null;
}

const LOGINS_PER_MINUTE = 10;

const proof = z.union([
  z.strictObject({ code: z.string().min(1).max(200) }),
  z.strictObject({ token: z.string().min(1).max(200) }),
]);

/** Every call of the API, so that the page offers what the server can do and nothing else. */
const OFFERS = Object.values(ROUTES).map(({ method, path }) => `${method.toUpperCase()} ${path}`);

/** Logging a browser in and out, and what the page must know to begin. */
export function authRouter(deps: AuthDeps): Router {
  const { logins, users, audit, identify, mode, version, workflowsUrl } = deps;
  const limiter = makeRateLimiter(LOGINS_PER_MINUTE);
  const router = Router();
  const readJson = express.json({ limit: 1024, type: 'application/json' });

  router.get('/auth/me', (req, res) => {
    const caller = identify(req);
    const everyone = caller.admin || caller.via === 'local';
    res.json({
      mode,
      user_id: caller.user_id,
      admin: everyone,
      login_id: logins.identify(req)?.login_id ?? null,
      version,
      users: everyone ? users.list().map(({ id }) => id) : [caller.user_id],
      workflows_url: workflowsUrl,
      offers: OFFERS,
    });
  });

  router.post('/auth/login', readJson, (req, res) => {
    logins.requireOwnPage(req);
    const waitSeconds = limiter.take(req.socket.remoteAddress ?? '');
    if (waitSeconds > 0) throw errors.rateLimited(waitSeconds);
    const given = parse(proof, req.body, 'body');
    const made = logins.service.logIn(given, req.headers['user-agent'] ?? 'unknown');
    if (made === null) {
      throw errors.unauthenticated(
        'code' in given ? 'This code was used already or is too old' : 'This is not an API token, or it was revoked',
      );
    }
    logins.set(res, made.secret);
    record('login', made.login.user_id, made.login.id);
    res.json({ user_id: made.login.user_id, expires_at: made.login.expires_at });
  });

  router.get('/auth/sessions', (req, res) => {
    const { user_id: userId, login_id: current } = userOf(req);
    const sessions = userId === null ? [] : logins.service.list(userId);
    res.json({ sessions: sessions.map((login) => ({ ...login, current: login.id === current })) });
  });

  router.delete('/auth/sessions', (req, res) => {
    const { user_id: userId, login_id: current } = userOf(req);
    if (userId !== null) {
      logins.service.endOthers(userId, current);
      record('login.end', userId, 'all others');
    }
    res.json({ ended: true });
  });

  router.delete('/auth/sessions/:id', (req, res) => {
    const { user_id: userId, login_id: current } = userOf(req);
    if (userId !== null) {
      logins.service.end(userId, req.params.id);
      record('login.end', userId, req.params.id);
    }
    if (req.params.id === current) logins.clear(res);
    res.json({ ended: true });
  });

  function record(action: 'login' | 'login.end', who: string, object: string): void {
    audit.record({ who, door: 'web', evidence: 'cookie', action, object, outcome: 'done' });
  }

  function userOf(req: Request): { user_id: string | null; login_id: string | null } {
    const { user_id } = identify(req);
    return { user_id, login_id: logins.identify(req)?.login_id ?? null };
  }

  return router;
}
