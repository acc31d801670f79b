import type { Journal } from '../../../gateway/journal/journal.ts';
import type { AgentDriver } from '../../../gateway/drivers/driver.ts';
import type { Logger } from '../../../domain/logger.ts';
import type { Mirror } from '../../../domain/mirror/mirror-write.ts';
import type { SessionWorkflows } from '../../../domain/session/session-workflows.ts';
import type { TemporalSettings } from '../../../temporal/settings.ts';
import type { SessionActivities } from '../../../workflows/session-activities.ts';
import type { Secrets } from '../../config/secrets.ts';
import type { Config } from '../../config/sections.ts';

/** The parts that `serve --roles` names. */
export const ROLES = ['api', 'worker', 'gateway'] as const;
export type Role = (typeof ROLES)[number];

/** What every part of one process is started with. */
export interface PartOptions {
  config: Config;
  dataDir: string;
  secrets: Secrets;
  env: NodeJS.ProcessEnv;
  version: string;
  logger: Logger;
  /** Aborts when the process ends. */
  signal: AbortSignal;
}

/** Wraps what the parts are built from. The product wraps nothing; the fault tests put their crash points here. */
export interface Wrappers {
  mirror?: <M extends Mirror>(mirror: M) => M;
  workflows?: (workflows: SessionWorkflows) => SessionWorkflows;
  activities?: (activities: SessionActivities) => SessionActivities;
  driver?: (driver: AgentDriver) => AgentDriver;
  journal?: (journal: Journal) => Journal;
  /** Replaces the number of events after which a session continues as new. */
  budgetEvents?: number;
}

/** A started part. */
export interface Part {
  name: Role;
  /** Where it can be reached, for the log. */
  address: string;
  /** Rejects when the part cannot continue, so that the process ends and is started again. */
  failed: Promise<never>;
  close(): Promise<void>;
}

/** The `failed` of a part that runs until it is closed. */
export const NEVER: Promise<never> = new Promise<never>(() => undefined);

/** Returns the address of Temporal: the configured server, or the embedded one. */
export function temporalSettings(config: Config): TemporalSettings {
  const { address, namespace, port } = config.temporal;
  return { address: address || `127.0.0.1:${port}`, namespace };
}
