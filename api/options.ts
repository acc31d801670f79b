import type { Audit } from '../domain/access/audit.ts';
import type { LoginService } from '../domain/access/login.ts';
import type { Mirror } from '../domain/mirror/mirror-write.ts';
import type { Logger } from '../domain/logger.ts';
import type { MirrorAdmin } from './mirror/mirror-admin.ts';
import type { CodecOptions } from './rest/codec.ts';
import type { ProjectTrusts } from './service/project-trusts.ts';
import type { SessionService, UserService } from './service/service.ts';

/** Where a door listens; port 0 takes a free one. */
export interface Listen {
  host: string;
  port: number;
}

/** Bounds of the doors. Times in milliseconds, sizes in bytes. */
export interface ApiLimits {
  bodyBytes: number;
  /** A frame before authentication. */
  firstFrameBytes: number;
  /** A frame up to here is read, so that one over `bodyBytes` can be answered by its request id. */
  frameBytes: number;
  /** Body of one batch that a worker on another host writes. */
  internalBodyBytes: number;
  /** How long a message call waits when the caller does not say. */
  defaultWaitMs: number;
  maxWaitMs: number;
  heartbeatMs: number;
  /** How often it is looked whether the token or login of a waiting call, a stream or a socket is still good. */
  recheckMs: number;
  /** How long a reader may take nothing before it is told and dropped. */
  stallMs: number;
  maxStreams: number;
  authTimeoutMs: number;
  /** How often a socket is pinged; one that misses a whole round is dead. */
  pingMs: number;
  /** What may wait unsent on one socket. */
  bufferedBytes: number;
  maxConnections: number;
  /** Commands of one socket that run at once. */
  maxCommands: number;
  maxSubscriptions: number;
  closeMs: number;
}

/** The bounds that hold when nothing else is said. */
export const DEFAULT_LIMITS: ApiLimits = {
  bodyBytes: 1024 * 1024,
  firstFrameBytes: 4 * 1024,
  frameBytes: 4 * 1024 * 1024,
  internalBodyBytes: 64 * 1024 * 1024,
  defaultWaitMs: 120_000,
  maxWaitMs: 600_000,
  heartbeatMs: 15_000,
  recheckMs: 10_000,
  stallMs: 15_000,
  maxStreams: 2_000,
  authTimeoutMs: 5_000,
  pingMs: 20_000,
  bufferedBytes: 8 * 1024 * 1024,
  maxConnections: 5_000,
  maxCommands: 1_000,
  maxSubscriptions: 1_000,
  closeMs: 3_000,
};

/** What the page needs. */
export interface PageOptions {
  logins: LoginService;
  /** The folder of the built page. */
  folder: string;
  /** Whether browsers reach the server by https. */
  secure: boolean;
  /** Where Temporal's Web UI lists workflows; null where that is not known. */
  workflowsUrl: string | null;
}

/** What the two doors need. */
export interface ApiOptions {
  rest: Listen;
  supervisor: Listen;
  service: SessionService;
  users: UserService;
  audit: Audit;
  auth: 'local' | 'token';
  /** Opens the supervisor socket as an admin. */
  supervisorToken: string;
  /** Opens the internal route for workers on other hosts. */
  internalToken: string;
  /** What those workers write to; without it there is no internal route. */
  mirror?: Mirror;
  /** What those workers need to have; none: nothing is encrypted. */
  payloadKeyIds?: readonly string[];
  /** What operators do about the mirror; without it there are no routes for it. */
  mirrorAdmin?: MirrorAdmin;
  /** Which folders are trusted; without it there are no routes for it. */
  trusts?: Pick<ProjectTrusts, keyof ProjectTrusts>;
  /** The page; without it `GET /` is not there and nobody logs in by a cookie. */
  page?: PageOptions;
  /** Decrypts payloads for Temporal's Web UI; without it there is no codec server. */
  codec?: CodecOptions;
  /** Calls a minute for each caller, at each door; none: no limit. */
  rateLimitPerMinute?: number;
  version: string;
  logger: Logger;
  limits?: Partial<ApiLimits>;
}
