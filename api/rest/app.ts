import express from 'express';
import type { Express, RequestHandler } from 'express';
import helmet from 'helmet';
import { XswarmError } from '../../domain/errors.ts';
import type { OpenCalls } from '../open-calls.ts';
import type { ApiLimits, ApiOptions } from '../options.ts';
import type { FailedLogins } from '../access/failed-logins.ts';
import type { RateLimiter } from '../access/rate-limit.ts';
import { authRouter } from '../page/auth-router.ts';
import { CookieLogins } from '../page/cookie-logins.ts';
import { readPage } from '../page/page-files.ts';
import { pageRouter } from '../page/page-router.ts';
import type { SessionFeed } from '../streams/session-feed.ts';
import { makeBind } from './http/bind.ts';
import type { Bind } from './http/bind.ts';
import { bindAudit } from './audit.ts';
import { codecRouter } from './codec.ts';
import { bindCosts } from './costs.ts';
import { docsRouter } from './docs.ts';
import { errorHandler } from './http/error-handler.ts';
import { bindEvents } from './events.ts';
import { makeIdentify } from '../access/identify.ts';
import { bindInteractions } from './interactions.ts';
import { internalRouter } from './internal.ts';
import { bindMessages } from './messages.ts';
import { mirrorRouter } from './mirror.ts';
import { originGuard } from '../access/origin-guard.ts';
import { requestId, requestIdOf } from './http/request-id.ts';
import type { RouteSpec } from './http/route-spec.ts';
import { ROUTES } from './routes.ts';
import { bindProjects } from './projects.ts';
import { bindRouting } from './routing.ts';
import { bindHealth } from './health.ts';
import { bindSessions } from './sessions.ts';

const headers = helmet({
  contentSecurityPolicy: { useDefaults: false, directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] } },
  strictTransportSecurity: false,
});

/** Answers belong to their caller; the page and its files say otherwise for themselves. */
const notStored: RequestHandler = (_req, res, next) => {
  res.set('Cache-Control', 'no-store');
  next();
};

const notFound: RequestHandler = (req) => {
  throw new XswarmError('NOT_FOUND', `Nothing here: ${req.method} ${req.path}`);
};

function refuseOtherMethods(app: Express): void {
  const methods = new Map<string, string[]>();
  for (const { path, method } of Object.values<RouteSpec>(ROUTES)) {
    const names = method === 'get' ? ['GET', 'HEAD'] : [method.toUpperCase()];
    methods.set(path, [...(methods.get(path) ?? []), ...names]);
  }
  for (const [path, allowed] of methods) {
    app.all(path, (req, res) => {
      res.set('Allow', allowed.join(', '));
      throw new XswarmError('METHOD_NOT_ALLOWED', `Method ${req.method} is not allowed here: ${allowed.join(', ')}`);
    });
  }
}

function logCalls({ logger }: ApiOptions): RequestHandler {
  return (req, res, next) => {
    const startedMs = performance.now();
    res.once('close', () => {
      const ms = Math.round(performance.now() - startedMs);
      const { method, path } = req;
      logger.debug({ method, path, status: res.statusCode, ms, request_id: requestIdOf(res) }, 'Call');
    });
    next();
  };
}

/** The REST door as an Express application. */
export function restApp(
  options: ApiOptions,
  parts: {
    limits: ApiLimits;
    feed: SessionFeed;
    calls: OpenCalls;
    streams: OpenCalls;
    limiter: RateLimiter;
    failed: FailedLogins;
  },
): Express {
  const { service, users, audit, auth, version, logger, mirror, internalToken } = options;
  const { limits, feed, calls, streams, limiter, failed } = parts;
  const app = express().disable('x-powered-by').disable('etag').set('query parser', 'simple');
  app.use(requestId(), headers, notStored, logCalls(options));
  const { page } = options;
  const logins = page === undefined ? null : new CookieLogins(page.logins, page.secure);
  const { identify, isKnown } = makeIdentify({ users, logins, auth, limiter, failed });
  // Before the guard, which knows the API's own origin only.
  if (options.codec !== undefined) app.use(codecRouter(options.codec, { auth, identify, logins, service }));
  if (auth === 'local') app.use(originGuard());
  const bind: Bind = makeBind({ app, identify, isKnown, calls, bodyBytes: limits.bodyBytes });
  bindSessions(bind, { service });
  bindMessages(bind, { service, limits });
  bindInteractions(bind, { service });
  bindCosts(bind, { service });
  bindEvents(bind, { service, feed, limits, logger, streams });
  if (options.trusts !== undefined) bindProjects(bind, { trusts: options.trusts });
  bindRouting(bind, { service });
  bindHealth(bind, { service, version });
  bindAudit(bind, { audit });
  refuseOtherMethods(app);

  app.use(docsRouter({ version }));
  if (mirror !== undefined) {
    const bodyBytes = limits.internalBodyBytes;
    app.use(internalRouter({ mirror, internalToken, failed, bodyBytes, payloadKeyIds: options.payloadKeyIds ?? [] }));
  }
  if (options.mirrorAdmin !== undefined) {
    app.use(mirrorRouter({ admin: options.mirrorAdmin, identify, isKnown, calls, logger, audit }));
  }
  if (page !== undefined && logins !== null) {
    app.use(authRouter({ logins, users, audit, identify, mode: auth, version, workflowsUrl: page.workflowsUrl }));
    const files = readPage(page.folder);
    if (files === null) logger.warn({ folder: page.folder }, 'The page was not built: run npm run build');
    else app.use(pageRouter(files, logger));
  }
  app.use(notFound);
  app.use(errorHandler(logger, audit, limits.bodyBytes));
  return app;
}
