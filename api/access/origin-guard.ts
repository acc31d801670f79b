import type { Request, RequestHandler } from 'express';
import { errors } from '../../domain/errors.ts';
import { isLoopbackHostHeader, whyForeign } from '../../protocol/http-access.ts';
import { isPageRoute } from '../page/page-router.ts';

/** Refuses what a foreign web page or a proxy could send: in local mode there is no token that would stop it. */
export function originGuard(): RequestHandler {
  return (req, _res, next) => {
    if (!isLoopbackHostHeader(req.headers.host)) throw errors.forbidden('Host is foreign: use localhost or 127.0.0.1');
    const why = whyForeign(isFollowedLink(req) ? { ...req.headers, 'sec-fetch-site': 'none' } : req.headers);
    if (why !== null) throw errors.forbidden(why);
    next();
  };
}

/** A link to the page may be followed from another site: the page holds no data until its own scripts ask for it. */
function isFollowedLink({ method, path, headers }: Request): boolean {
  if (headers['sec-fetch-mode'] !== 'navigate' || headers['sec-fetch-dest'] !== 'document') return false;
  return method === 'GET' && isPageRoute(path);
}
