import type { Client } from '@temporalio/client';
import { reconcileWithJournal, reconcileWithTemporal } from '../../../api/mirror/reconcile.ts';
import type { MirrorDeps } from '../../../api/mirror/sources.ts';
import { reconcileAdmissions, type SessionServiceDeps } from '../../../api/service/session-service.ts';
import { prepareNamespace } from '../../../temporal/prepare-namespace.ts';
import { isNewBoot, noteBoot } from '../../processes/boot-stamp.ts';
import type { PartOptions } from './part.ts';
import { retryUntil } from './retry-until.ts';

const RETRY_MS = 300;
const RECONCILE_MS = 60_000;

/** What the upkeep works on. */
export interface UpkeepOptions extends PartOptions {
  client: Client;
  deps: SessionServiceDeps & MirrorDeps;
  /** Sessions that start after this belong to this process. */
  startedAt: Date;
}

/**
 * The API's work in the background: prepares the namespace when Temporal can be reached, brings the mirror up to date when the
 * gateway can be reached too, and from then on compares the places under `max_sessions` with Temporal once a minute.
 */
export class Upkeep {
  readonly #options: UpkeepOptions;
  readonly #timer: NodeJS.Timeout;
  #reconciling = false;
  #refused = false;

  constructor(options: UpkeepOptions) {
    this.#options = options;
    const { logger, signal } = options;
    this.#reconcileAtStart().catch((error: unknown) => {
      if (!signal.aborted) logger.error({ err: error }, 'the mirror could not be brought up to date');
    });
    this.#timer = setInterval(() => void this.#reconcileLater(), RECONCILE_MS).unref();
  }

  end(): void {
    clearInterval(this.#timer);
  }

  async #reconcileAtStart(): Promise<void> {
    const { client, config, dataDir, deps, signal, startedAt } = this.#options;
    const bounds = { startedBefore: startedAt, signal };
    await this.#retried('Temporal', async () => {
      // The embedded server is ours; another one's namespace may be shared.
      const retentionDays = config.temporal.address === '' ? config.temporal.retention_days : null;
      if ((await prepareNamespace(client, { retentionDays })) === 'refused') this.#reportRefusal();
      await this.#reconcileMirror('Temporal', () => reconcileWithTemporal(deps, { queues: false, ...bounds }));
      await this.#reconcile(startedAt);
    });
    await this.#retried('the gateway', () =>
      this.#reconcileMirror('the journal', () => reconcileWithJournal(deps, bounds)),
    );
    if (!isNewBoot(dataDir)) return;
    await this.#retried('a worker', () =>
      this.#reconcileMirror('Temporal', () => reconcileWithTemporal(deps, { queues: true, ...bounds })),
    );
    noteBoot(dataDir);
  }

  /** Reported once: every later attempt is refused as well. */
  #reportRefusal(): void {
    if (this.#refused) return;
    this.#refused = true;
    this.#options.logger.warn(
      { namespace: this.#options.config.temporal.namespace },
      'Temporal does not allow us to prepare the namespace: an administrator must add the search attributes XswarmUser, ' +
        'XswarmProject, XswarmStatus (Keyword) and XswarmCostUsd (Double)',
    );
  }

  async #retried(waitingFor: string, attempt: () => Promise<void>): Promise<void> {
    const { logger, signal } = this.#options;
    const onFailure = (error: Error): void => logger.info({ reason: error.message }, `waiting for ${waitingFor}`);
    await retryUntil(attempt, { signal, everyMs: RETRY_MS, onFailure });
  }

  async #reconcileMirror(what: string, run: () => Promise<Record<string, string[]>>): Promise<void> {
    const missing = await run();
    if (Object.values(missing).some((ids) => ids.length > 0)) {
      this.#options.logger.warn(missing, `the mirror lacked what ${what} has`);
    }
  }

  async #reconcile(takenBefore: Date): Promise<void> {
    const { given_back, admitted } = await reconcileAdmissions(this.#options.deps, takenBefore);
    if (given_back.length + admitted.length === 0) return;
    this.#options.logger.warn({ given_back, admitted }, 'the places under max_sessions were corrected');
  }

  /** A round that takes longer than the interval is not joined by a second one. */
  async #reconcileLater(): Promise<void> {
    if (this.#reconciling) return;
    this.#reconciling = true;
    try {
      await this.#reconcile(new Date(Date.now() - RECONCILE_MS));
    } catch (error) {
      this.#options.logger.warn({ err: error }, 'reconciling failed');
    } finally {
      this.#reconciling = false;
    }
  }
}
