import type { RequestHandler } from 'express';
import { errors } from '../../domain/errors.ts';
import { isForeignOrigin, isLoopbackHostHeader } from '../../protocol/http-access.ts';

/** Refuses what a foreign web page could send: in local mode there is no token that would stop it. */
export function originGuard(): RequestHandler {
  return (req, _res, next) => {
    if (!isLoopbackHostHeader(req.headers.host)) throw errors.forbidden('Host is foreign: use localhost or 127.0.0.1');
    if (isForeignOrigin(req.headers.origin, req.headers.host)) throw errors.forbidden('Origin is foreign');
    next();
  };
}
