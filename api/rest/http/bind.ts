import express from 'express';
import type { Express, Request, RequestHandler, Response } from 'express';
import { XswarmError, errors } from '../../../domain/errors.ts';
import type { OpenCalls } from '../../open-calls.ts';
import { parse } from '../../parse.ts';
import type { Caller } from '../../service/service.ts';
import { LOCAL_CALLER } from '../../access/identify.ts';
import type { Identify, IsKnown } from '../../access/identify.ts';
import type { Parsed, RouteSpec } from './route-spec.ts';

/** What a handler gets: who calls, and everything the route's schemas promise. */
export interface Call<S extends RouteSpec> {
  caller: Caller;
  params: Parsed<S['params']>;
  query: Parsed<S['query']>;
  headers: Parsed<S['headers']>;
  body: Parsed<S['body']>;
  /** Aborts when the caller hangs up or the server stops; ends waiting, never the work. */
  signal: AbortSignal;
  req: Request;
  res: Response;
}

/** Mounts the handler of a route. */
export type Bind = <S extends RouteSpec>(spec: S, handler: (call: Call<S>) => Promise<void> | void) => void;

function readParams(spec: RouteSpec, req: Request): unknown {
  const result = spec.params?.safeParse(req.params);
  if (result === undefined || result.success) return result?.data;
  const { session_id: sessionId, user_id: userId } = req.params;
  throw sessionId === undefined ? errors.userNotFound(String(userId)) : errors.sessionNotFound(String(sessionId));
}

function readBody(spec: RouteSpec, req: Request): unknown {
  if (spec.body === undefined) return undefined;
  const body: unknown = req.body;
  return parse(spec.body, body === undefined && spec.bodyOptional ? {} : body, 'body');
}

/** A body has to say that it is JSON: a form of a foreign page cannot. */
const requireJson: RequestHandler = (req, _res, next) => {
  const type = req.headers['content-type'];
  const isEmpty = req.headers['transfer-encoding'] === undefined && Number(req.headers['content-length'] ?? 0) === 0;
  if (isEmpty || req.is('application/json') !== false) return next();
  throw errors.invalidRequest(`Invalid header content-type: expected application/json, got ${type ?? 'nothing'}`);
};

/** Makes the function that mounts routes: it identifies, parses, and hands a waiting call its signal. */
export function makeBind(options: {
  app: Express;
  identify: Identify;
  isKnown: IsKnown;
  calls: OpenCalls;
  bodyBytes: number;
}): Bind {
  const { app, identify, isKnown, calls, bodyBytes } = options;
  const readJson = [requireJson, express.json({ limit: bodyBytes, type: 'application/json', strict: false })];
  return (spec, handler) => {
    const authenticate: RequestHandler = (req, res, next) => {
      res.locals['caller'] = spec.open === true ? LOCAL_CALLER : identify(req);
      next();
    };
    app[spec.method](spec.path, authenticate, ...(spec.method === 'get' ? [] : readJson), async (req, res) => {
      const isStillKnown = spec.open === true ? undefined : (): boolean => isKnown(req);
      const signal = calls.open((gone) => res.once('close', gone), isStillKnown);
      try {
        await handler({
          caller: res.locals['caller'] as Caller,
          params: readParams(spec, req),
          query: spec.query && parse(spec.query, req.query, 'query'),
          headers: spec.headers && parse(spec.headers, req.headers, 'header'),
          body: readBody(spec, req),
          signal,
          req,
          res,
        } as Parameters<typeof handler>[0]);
      } catch (error) {
        throw signal.reason instanceof XswarmError ? signal.reason : error;
      }
    });
  };
}
