import { z } from 'zod';
import { ERROR_CODES, XswarmError, errors } from '../domain/errors.ts';
import type { AgentMessage } from '../domain/turn.ts';
import type { Mirror, MirrorWrite } from '../domain/mirror-write.ts';
import { INTERNAL_PATHS, messageBody } from './mirror-wire.ts';
import type { LiveDelta } from './mirror-wire.ts';

const TIMEOUT_MS = 10_000;
const MAX_WAITING_DELTAS = 1_000;

/** What the api's internal route is reached with. `onLiveLost` hears why live text did not get through. */
export interface RemoteMirrorOptions {
  url: string;
  token: string;
  timeoutMs?: number;
  onLiveLost?: (error: unknown) => void;
}

const errorBody = z.object({ code: z.enum(ERROR_CODES), message: z.string() });

async function failure(response: Response): Promise<XswarmError> {
  const body = errorBody.safeParse(await response.json().catch(() => null));
  if (body.success) return new XswarmError(body.data.code, body.data.message);
  // A proxy on the way has limits of its own.
  if (response.status === 413) return new XswarmError('TOO_LARGE', 'Body is larger than the api takes');
  return errors.unavailable(`The mirror (HTTP ${response.status} of the api's internal route)`);
}

/**
 * The mirror of an api in another process: the same port as the SQLite one, over its internal route. Every call is safe
 * to repeat. Throws `UNAVAILABLE` when the api does not answer in time, else what the api says.
 */
export function makeRemoteMirror(options: RemoteMirrorOptions): Mirror {
  const { url, token, timeoutMs = TIMEOUT_MS, onLiveLost } = options;
  const waiting: LiveDelta[] = [];
  let sending = false;

  const call = async (path: string, body?: unknown): Promise<unknown> => {
    try {
      const response = await fetch(new URL(path, url), {
        method: body === undefined ? 'GET' : 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(timeoutMs),
      });
      if (!response.ok) throw await failure(response);
      return await response.json();
    } catch (error) {
      if (error instanceof XswarmError) throw error;
      throw errors.unavailable('The mirror', error);
    }
  };

  const sendWaiting = async (): Promise<void> => {
    sending = true;
    while (waiting.length > 0) {
      await call(INTERNAL_PATHS.live, waiting.splice(0)).catch((error: unknown) => onLiveLost?.(error));
    }
    sending = false;
  };

  return {
    async write(writes: MirrorWrite[]): Promise<void> {
      if (writes.length > 0) await call(INTERNAL_PATHS.mirror, writes);
    },
    async readBody(messageId: string): Promise<AgentMessage> {
      return messageBody.parse(await call(`${INTERNAL_PATHS.bodies}/${encodeURIComponent(messageId)}`));
    },
    live(sessionId, delta) {
      // Live text is replaced by the finished block; the oldest is what a watcher misses least.
      if (waiting.length >= MAX_WAITING_DELTAS) waiting.shift();
      waiting.push({ session_id: sessionId, ...delta });
      if (!sending) void sendWaiting();
    },
  };
}
