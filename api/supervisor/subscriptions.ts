import { XswarmError, errors } from '../../domain/errors.ts';
import type { Caller, SessionService } from '../service/service.ts';
import { watchSession } from '../streams/watch-session.ts';
import type { SessionFrame } from '../streams/watch-session.ts';
import type { Answer } from './frames.ts';
import type { Outbox } from './outbox.ts';

/** The streams that one connection reads. */
export interface Subscriptions {
  /** Throws `RATE_LIMITED` when there is no room for one more. */
  reserve(sessionId: string): void;
  /** Starts to send a session's events; an earlier subscription to it ends. */
  start(caller: Caller, sessionId: string, after: number): void;
  /** False when there was none. */
  stop(sessionId: string): boolean;
  close(): void;
}

function toFrame(sessionId: string, frame: SessionFrame): Answer {
  const type = 'claude_code_event';
  if (frame.kind === 'gap') return { type, session_id: sessionId, event: { type: 'gap', after: frame.after } };
  if (frame.kind === 'delta') {
    const { message_id, text } = frame;
    return { type, session_id: sessionId, event: { type: 'text_delta', message_id, text } };
  }
  const { session_id: _, seq, ...event } = frame.event;
  return { type, session_id: sessionId, seq, event };
}

/** Makes the subscriptions of one connection; each pumps at the pace at which the socket takes its frames. */
export function makeSubscriptions(options: {
  service: SessionService;
  outbox: Outbox;
  maxSubscriptions: number;
  onError: (sessionId: string, error: unknown) => void;
}): Subscriptions {
  const { service, outbox, maxSubscriptions, onError } = options;
  const running = new Map<string, AbortController>();

  const pump = async (caller: Caller, sessionId: string, after: number, controller: AbortController): Promise<void> => {
    const { signal } = controller;
    try {
      for await (const frame of watchSession({ service, caller, sessionId, after, signal })) {
        if (signal.aborted) return;
        await outbox.sendInTurn(toFrame(sessionId, frame));
      }
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof XswarmError && error.code === 'SLOW_READER') return outbox.dropSlowReader(sessionId);
      onError(sessionId, error);
    } finally {
      if (running.get(sessionId) === controller) running.delete(sessionId);
    }
  };

  return {
    reserve(sessionId) {
      if (!running.has(sessionId) && running.size >= maxSubscriptions) throw errors.rateLimited(1);
    },
    start(caller, sessionId, after) {
      running.get(sessionId)?.abort();
      const controller = new AbortController();
      running.set(sessionId, controller);
      void pump(caller, sessionId, after, controller);
    },
    stop(sessionId) {
      running.get(sessionId)?.abort();
      return running.delete(sessionId);
    },
    close() {
      for (const controller of running.values()) controller.abort();
    },
  };
}
