import express, { Router } from 'express';
import { INTERNAL_PATHS, liveDeltas, mirrorWrites } from '../../protocol/mirror-http.ts';
import { errors } from '../../domain/errors.ts';
import type { Mirror } from '../../domain/mirror/mirror-write.ts';
import type { FailedLogins } from '../access/failed-logins.ts';
import { parse } from '../parse.ts';
import { bearerToken, secretsEqual } from '../../protocol/http-access.ts';

/** What workers on other hosts write the mirror through. Not for callers: it has a token of its own and no document. */
export function internalRouter(options: {
  mirror: Mirror;
  internalToken: string;
  failed: FailedLogins;
  bodyBytes: number;
  payloadKeyIds: readonly string[];
}): Router {
  const { mirror, internalToken, failed, bodyBytes, payloadKeyIds } = options;
  const router = Router();

  router.use('/internal', (req, _res, next) => {
    const token = bearerToken(req.headers.authorization) ?? '';
    const isGood = (given: string): true | null =>
      internalToken !== '' && secretsEqual(given, internalToken) ? true : null;
    if (failed.attempt(req.socket.remoteAddress ?? '', token, isGood) === null) throw errors.unauthenticated();
    next();
  });
  router.use('/internal', express.json({ limit: bodyBytes }));

  router.post(INTERNAL_PATHS.mirror, async (req, res) => {
    await mirror.write(parse(mirrorWrites, req.body, 'body'));
    res.json({});
  });

  router.get(`${INTERNAL_PATHS.bodies}/:message_id`, async (req, res) => {
    res.json(await mirror.readBody(req.params.message_id));
  });

  router.get(`${INTERNAL_PATHS.trusts}/:project_path`, async (req, res) => {
    res.json({ digest: await mirror.trustedDigest(req.params.project_path) });
  });

  router.post(INTERNAL_PATHS.live, (req, res) => {
    for (const { session_id, ...delta } of parse(liveDeltas, req.body, 'body')) mirror.live(session_id, delta);
    res.json({});
  });

  router.get(INTERNAL_PATHS.payloadKeys, (_req, res) => {
    res.json(payloadKeyIds);
  });

  return router;
}
