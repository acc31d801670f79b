import type { Logger } from 'pino';
import type { Config } from '../../config/sections.ts';
import type { TemporalSettings } from '../../../temporal/settings.ts';
import type { Reach } from '../fault-points.ts';

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
  /** Aborts when the process is to stop. */
  signal: AbortSignal;
  /** Told of the places that fault tests kill at; null in a process that is not under such a test. */
  reach: Reach | null;
}

export interface Secrets {
  gatewayToken: string;
  supervisorToken: string;
  internalToken: string;
}

/** A started part. */
export interface Part {
  name: Role;
  /** Where it can be reached, in words for the log. */
  address: string;
  /** Rejects when the part cannot go on, so that the process ends and is started again. */
  failed: Promise<never>;
  close(): Promise<void>;
}

/** Promise of a part that goes on until it is closed. */
export const NEVER: Promise<never> = new Promise<never>(() => undefined);

/** Where the workers and the api find Temporal: the configured cluster, or the embedded server. */
export function temporalSettings(config: Config): TemporalSettings {
  const { address, namespace, port } = config.temporal;
  return { address: address || `127.0.0.1:${port}`, namespace };
}
