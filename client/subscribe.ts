import { setTimeout as sleep } from 'node:timers/promises';
import { abortScope } from '../domain/abort-scope.ts';
import type { TextDelta, SessionEvent } from '../domain/session/event.ts';
import { ConnectorError, isRecord } from './connector-error.ts';
import { readFrames } from './read-frames.ts';
import type { SseFrame } from './read-frames.ts';
import type { Http } from './http.ts';

/** What a subscription yields: a numbered event, or text that is being written (no number, never repeated). */
export type Subscribed = SessionEvent | ({ session_id: string } & TextDelta);

/** How to follow a session. */
export interface SubscribeOptions {
  /** Events with a higher number are yielded; 0 (the default) for all from the beginning. */
  after?: number;
  /** Ends the subscription. */
  signal?: AbortSignal;
  /** Called when the stream broke, before it is opened again. */
  onReconnect?: (reason: string) => void;
  /** Called each time the stream is open. */
  onOpen?: () => void;
}

const OPEN_MS = 15_000;
const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 5_000;

/**
 * Follows a session until it is closed or `signal` aborts. A broken stream is opened again after the last number, so that
 * nothing is missing and nothing is repeated. Throws where trying again cannot help: an unknown session, a wrong token.
 */
export async function* subscribeTo(
  http: Http,
  sessionId: string,
  options: SubscribeOptions,
): AsyncGenerator<Subscribed, void, undefined> {
  const path = `/api/claude-code/sessions/${encodeURIComponent(sessionId)}/events`;
  let last = options.after ?? 0;
  let failures = 0;

  const stopped = (): boolean => options.signal?.aborted ?? false;

  while (!stopped()) {
    const attempt = abortScope([options.signal]);
    try {
      const slow = setTimeout(() => attempt.abort(new Error('the stream did not open')), OPEN_MS);
      const headers = { 'last-event-id': String(last) };
      const response = await http.open(path, headers, attempt.signal).finally(() => clearTimeout(slow));
      options.onOpen?.();
      for await (const frame of readFrames(response, attempt.signal)) {
        failures = 0;
        const item = toSubscribed(frame, sessionId);
        if (item === null) continue;
        if ('seq' in item) {
          if (item.seq <= last) continue;
          last = item.seq;
        }
        yield item;
        if (item.type === 'closed') return;
      }
      if (stopped()) return;
      options.onReconnect?.('the stream ended');
    } catch (error) {
      if (stopped()) return;
      if (!isPassing(error, attempt.signal.aborted)) throw error;
      options.onReconnect?.((error as Error).message);
    } finally {
      attempt.abort();
      attempt.dispose();
    }
    failures += 1;
    const pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** (failures - 1), LONGEST_PAUSE_MS);
    await sleep(pauseMs, undefined, { signal: options.signal }).catch(() => undefined);
  }
}

function toSubscribed(frame: SseFrame, sessionId: string): Subscribed | null {
  if (!isRecord(frame.data)) return null;
  if (frame.event === 'error') {
    throw new ConnectorError('UNAVAILABLE', `The stream was ended: ${String(frame.data.message)}`, {
      reached: 'answered',
    });
  }
  if (frame.data.type === 'text_delta' || frame.event === 'text_delta') {
    const { message_id: messageId, text } = frame.data;
    if (typeof text !== 'string') return null;
    const about = typeof messageId === 'string' ? messageId : null;
    return { type: 'text_delta', session_id: sessionId, message_id: about, text };
  }
  if (typeof frame.data.type !== 'string') return null;
  const seq = Number(frame.data.seq ?? frame.id);
  // Types that this version does not know are passed on: the caller decides.
  return Number.isSafeInteger(seq) ? ({ ...frame.data, session_id: sessionId, seq } as Subscribed) : null;
}

function isPassing(error: unknown, gaveUp: boolean): boolean {
  if (gaveUp) return true;
  if (!(error instanceof ConnectorError)) return false;
  return error.reached !== 'answered' || ['UNAVAILABLE', 'RATE_LIMITED', 'INTERNAL'].includes(error.code);
}
