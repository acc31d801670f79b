import type { Client } from '@temporalio/client';
import { catchUpWithJournal, catchUpWithTemporal } from '../../../api/mirror/catch-up.ts';
import type { MirrorDeps } from '../../../api/mirror/sources.ts';
import { reconcileAdmissions, type SessionServiceDeps } from '../../../api/service/session-service.ts';
import { prepareNamespace } from '../../../temporal/prepare-namespace.ts';
import { isNewBoot, noteBoot } from '../../processes/boot-stamp.ts';
import { retryUntil } from '../retry-until.ts';
import type { PartOptions } from './part.ts';

const RETRY_MS = 300;
const RECONCILE_MS = 60_000;

/** What is kept true. */
export interface KeepUpOptions extends PartOptions {
  client: Client;
  deps: SessionServiceDeps & MirrorDeps;
  /** Sessions and places from here on are this process's own. */
  startedAt: Date;
}

/**
 * Prepares the namespace once Temporal answers, brings the mirror up to date once the gateway does too, and keeps the places
 * under `max_sessions` true from then on. Returns what ends it.
 */
export function keepUp(options: KeepUpOptions): () => void {
  const { config, logger, signal, deps } = options;
  const reconcile = async (takenBefore: Date): Promise<void> => {
    const { given_back, admitted } = await reconcileAdmissions(deps, takenBefore);
    if (given_back.length + admitted.length > 0)
      logger.warn({ given_back, admitted }, 'places under max_sessions mended');
  };
  const retried = async (waitingFor: string, attempt: () => Promise<void>): Promise<void> => {
    const onFailure = (error: Error): void => logger.info({ reason: error.message }, `waiting for ${waitingFor}`);
    await retryUntil(attempt, { signal, everyMs: RETRY_MS, onFailure });
  };
  const bounds = { startedBefore: options.startedAt, signal };
  const atStart = async (): Promise<void> => {
    await retried('Temporal', async () => {
      await prepareNamespace(options.client, { retentionDays: config.temporal.retention_days });
      await catchUp('Temporal', () => catchUpWithTemporal(deps, { queues: false, ...bounds }));
      await reconcile(options.startedAt);
    });
    await retried('the gateway', () => catchUp('the journal', () => catchUpWithJournal(deps, bounds)));
    if (!isNewBoot(options.dataDir)) return;
    await retried('a worker', () => catchUp('Temporal', () => catchUpWithTemporal(deps, { queues: true, ...bounds })));
    noteBoot(options.dataDir);
  };
  const catchUp = async (what: string, run: () => Promise<Record<string, string[]>>): Promise<void> => {
    const lacked = await run();
    if (Object.values(lacked).some((ids) => ids.length > 0)) logger.warn(lacked, `the mirror lacked what ${what} has`);
  };

  atStart().catch((error: unknown) => {
    if (!signal.aborted) logger.error({ err: error }, 'the mirror could not be brought up to date');
  });
  const timer = setInterval(() => {
    reconcile(new Date(Date.now() - RECONCILE_MS)).catch((error: unknown) =>
      logger.warn({ err: error }, 'reconciling failed'),
    );
  }, RECONCILE_MS).unref();
  return () => clearInterval(timer);
}
