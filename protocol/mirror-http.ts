import { z } from 'zod';
import type { Equal } from '../domain/equal.ts';
import { ERROR_CODES, XswarmError, errors } from '../domain/errors.ts';
import type { TextDelta } from '../domain/session/event.ts';
import type { Mirror, MirrorWrite } from '../domain/mirror/mirror-write.ts';
import { AGENT_NAMES, PERMISSION_MODES, SESSION_STATUSES } from '../domain/session/session.ts';
import type { AgentMessage } from '../domain/session/turn.ts';
import { agentEvent, turnResult } from './agent-protocol.ts';
import { interactionEnd } from './interaction-schema.ts';

/** The paths below the API's address at which a worker on another host reaches the mirror. */
export const INTERNAL_PATHS = {
  mirror: '/internal/mirror',
  bodies: '/internal/bodies',
  live: '/internal/live',
  payloadKeys: '/internal/payload-keys',
  trusts: '/internal/trusts',
} as const;

const seconds = z.number().int().positive();

const snapshot = z.object({
  session_id: z.string(),
  version: z.number().int().positive(),
  user_id: z.string(),
  project_path: z.string(),
  title: z.string().nullable(),
  options: z.object({
    model: z.string().optional(),
    permission_mode: z.enum(PERMISSION_MODES).optional(),
    idle_after_seconds: seconds.optional(),
    idle_timeout_seconds: seconds.optional(),
    max_duration_seconds: seconds.optional(),
    on_interrupt: z.enum(['report', 'continue']).optional(),
    turn_limit_seconds: z.number().optional(),
  }),
  status: z.enum(SESSION_STATUSES),
  reason: z.string().nullable(),
  failure: z.object({ code: z.string(), message: z.string() }).nullable(),
  agent: z.enum(AGENT_NAMES).nullable(),
  simulated: z.boolean(),
  at_least_once: z.boolean(),
  started_at: z.string(),
  ended_at: z.string().nullable(),
  last_activity: z.string(),
});

const message = z.object({
  message_id: z.string(),
  content: z.string(),
  context: z.record(z.string(), z.unknown()).optional(),
});

/** A batch of writes between hosts. */
export const mirrorWrites = z.array(
  z.discriminatedUnion('type', [
    z.object({ type: z.literal('session'), snapshot }),
    z.object({ type: z.literal('queued'), session_id: z.string(), timestamp: z.string(), message }),
    z.object({
      type: z.literal('agent'),
      session_id: z.string(),
      seq: z.number().int().positive(),
      event: agentEvent,
    }),
    z.object({ type: z.literal('settled'), session_id: z.string(), turn: turnResult }),
    z.object({ type: z.literal('interaction'), session_id: z.string(), end: interactionEnd }),
  ]),
);

/** Fails to compile when the schema and the domain drift apart. @compileTimeCheck */
export const writesAreDomain: Equal<z.infer<typeof mirrorWrites>, MirrorWrite[]> = true;

/** Live text of several sessions, in order. */
export const liveDeltas = z.array(
  z.object({ session_id: z.string(), message_id: z.string().nullable(), text: z.string() }),
);
type LiveDelta = z.infer<typeof liveDeltas>[number];

const trustedDigest = z.object({ digest: z.string().nullable() });

const TIMEOUT_MS = 10_000;
const MAX_WAITING_DELTAS = 1_000;

/** The ids of the keys that the API encrypts sessions with. */
const payloadKeyIds = z.array(z.string());

const errorBody = z.object({ code: z.enum(ERROR_CODES), message: z.string() });

/**
 * The mirror of an API in another process: the same port as the SQLite mirror, over the API's internal route. Every call
 * is safe to repeat. Throws `UNAVAILABLE` when the API does not answer in time, otherwise the error that the API reports.
 */
export class RemoteMirror implements Mirror {
  readonly #url: string;
  readonly #token: string;
  readonly #timeoutMs: number;
  readonly #onLiveLost: ((error: unknown) => void) | undefined;
  #waiting: LiveDelta[] = [];
  #sending = false;

  /** `onLiveLost` receives the reason when live text could not be delivered. */
  constructor(options: { url: string; token: string; timeoutMs?: number; onLiveLost?: (error: unknown) => void }) {
    this.#url = options.url;
    this.#token = options.token;
    this.#timeoutMs = options.timeoutMs ?? TIMEOUT_MS;
    this.#onLiveLost = options.onLiveLost;
  }

  async write(writes: MirrorWrite[]): Promise<void> {
    if (writes.length > 0) await this.#call(INTERNAL_PATHS.mirror, writes);
  }

  async readBody(messageId: string): Promise<AgentMessage> {
    return message.parse(await this.#call(`${INTERNAL_PATHS.bodies}/${encodeURIComponent(messageId)}`));
  }

  async trustedDigest(projectPath: string): Promise<string | null> {
    try {
      return trustedDigest.parse(await this.#call(`${INTERNAL_PATHS.trusts}/${encodeURIComponent(projectPath)}`))
        .digest;
    } catch (error) {
      // An API of an older release knows no trust.
      if (error instanceof XswarmError && error.code === 'NOT_FOUND') return null;
      throw error;
    }
  }

  live(sessionId: string, delta: Omit<TextDelta, 'type'>): void {
    // The finished block replaces live text, so the oldest piece is the one that a reader misses least.
    if (this.#waiting.length >= MAX_WAITING_DELTAS) this.#waiting.shift();
    this.#waiting.push({ session_id: sessionId, ...delta });
    if (!this.#sending) void this.#sendWaiting();
  }

  /** Returns the ids of the keys that the API encrypts sessions with. A worker without one of them would drop messages. */
  async payloadKeyIds(): Promise<string[]> {
    return payloadKeyIds.parse(await this.#call(INTERNAL_PATHS.payloadKeys));
  }

  async #sendWaiting(): Promise<void> {
    this.#sending = true;
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      await this.#call(INTERNAL_PATHS.live, batch).catch((error: unknown) => this.#onLiveLost?.(error));
    }
    this.#sending = false;
  }

  async #call(path: string, body?: unknown): Promise<unknown> {
    try {
      const response = await fetch(new URL(path, this.#url), {
        method: body === undefined ? 'GET' : 'POST',
        headers: { authorization: `Bearer ${this.#token}`, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(this.#timeoutMs),
      });
      if (!response.ok) throw await failureOf(response);
      return await response.json();
    } catch (error) {
      if (error instanceof XswarmError) throw error;
      throw errors.unavailable('The mirror', error);
    }
  }
}

async function failureOf(response: Response): Promise<XswarmError> {
  const body = errorBody.safeParse(await response.json().catch(() => null));
  if (body.success) return new XswarmError(body.data.code, body.data.message);
  // A proxy between the hosts may have a limit of its own.
  if (response.status === 413) return new XswarmError('TOO_LARGE', 'Body is larger than the API accepts');
  return errors.unavailable(`The mirror (HTTP ${response.status} of the API's internal route)`);
}
