import { once } from 'node:events';
import { Router } from 'express';
import type { Response } from 'express';
import { errors, XswarmError } from '../../domain/errors.ts';
import type { Audit } from '../../domain/access/audit.ts';
import type { CheckStep, RebuildStep } from '../../domain/mirror/mirror-steps.ts';
import { toErrorBody, toXswarmError } from '../error-body.ts';
import type { Logger } from '../../domain/logger.ts';
import type { MirrorAdmin } from '../mirror/mirror-admin.ts';
import type { OpenCalls } from '../open-calls.ts';
import { policy } from '../access/policy.ts';
import type { Identify, IsKnown } from '../access/identify.ts';
import { requestIdOf } from './http/request-id.ts';

/** Where the command line reaches the mirror's check and rebuild. */
export const MIRROR_PATHS = { check: '/admin/mirror/check', rebuild: '/admin/mirror/rebuild' } as const;

const PROGRESS_EVERY_MS = 100;

type Step = CheckStep | RebuildStep;

/**
 * What operators do about the mirror, as JSON lines. Not for callers: it is in no document, needs an admin, and ends when
 * who asked hangs up.
 */
export function mirrorRouter({
  admin,
  identify,
  isKnown,
  calls,
  logger,
  audit,
}: {
  admin: MirrorAdmin;
  identify: Identify;
  isKnown: IsKnown;
  calls: OpenCalls;
  logger: Logger;
  audit: Audit;
}): Router {
  const router = Router();
  for (const name of ['check', 'rebuild'] as const) {
    const path = MIRROR_PATHS[name];
    router.post(path, async (req, res) => {
      const caller = identify(req);
      if (policy(caller, 'read_everything', null) !== 'allowed') {
        throw errors.forbidden('Only an admin may check or rebuild the mirror');
      }
      const signal = calls.open(
        (gone) => res.once('close', gone),
        () => isKnown(req),
      );
      const { user_id: who, via } = caller;
      const door = via === 'cookie' ? 'web' : 'rest';
      audit.record({ who, door, evidence: via, action: `mirror.${name}`, object: null, outcome: 'done' });
      await sendSteps(res, name === 'check' ? admin.check(signal) : admin.rebuild(signal), { signal, logger });
    });
  }
  return router;
}

/** A failure before the first step is an ordinary error; one behind it is the last line. */
async function sendSteps(
  res: Response,
  steps: AsyncIterable<Step>,
  { signal, logger }: { signal: AbortSignal; logger: Logger },
): Promise<void> {
  let toldAt = 0;
  try {
    for await (const step of steps) {
      if (step.type === 'progress' && step.done < step.total) {
        if (performance.now() - toldAt < PROGRESS_EVERY_MS) continue;
        toldAt = performance.now();
      }
      if (!res.headersSent)
        res.status(200).set({ 'Content-Type': 'application/x-ndjson', 'Cache-Control': 'no-store' });
      if (!res.write(`${JSON.stringify(step)}\n`)) await once(res, 'drain', { signal });
    }
  } catch (thrown) {
    const reason: unknown = signal.reason instanceof XswarmError ? signal.reason : thrown;
    if (!res.headersSent) throw reason;
    const error = toXswarmError(reason);
    if (error.code === 'INTERNAL') logger.error({ err: thrown, request_id: requestIdOf(res) }, 'Mirror call failed');
    res.write(`${JSON.stringify(toErrorBody(error, requestIdOf(res)))}\n`);
  }
  res.end();
}
