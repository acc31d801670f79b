import { randomUUID } from 'node:crypto';
import type { RequestHandler, Response } from 'express';

const GIVEN = /^[A-Za-z0-9._:-]{1,128}$/;

/** The id of this call, which its answer, its error body and the log carry. */
export function requestIdOf(res: Response): string {
  const { request_id: id } = res.locals as { request_id?: string };
  return id ?? 'unknown';
}

/** Gives each call an id: the caller's `x-request-id` when it is a plain one, else a new UUID. */
export function requestId(): RequestHandler {
  return (req, res, next) => {
    const given = req.get('x-request-id');
    const id = given !== undefined && GIVEN.test(given) ? given : randomUUID();
    res.locals['request_id'] = id;
    res.set('x-request-id', id);
    next();
  };
}
