import { EventEmitter } from 'node:events';
import { errors } from '../../../domain/errors.ts';
import type { SessionEvent, SessionEventBody } from '../../../domain/session/event.ts';
import type { LiveFrame } from '../../../api/service/service.ts';

const BUFFER = 1_000;

/** Numbered streams of sessions in memory, with live readers that are refused when they are 1,000 frames behind. */
export interface MemoryStreams {
  add(sessionId: string, body: SessionEventBody): SessionEvent;
  delta(sessionId: string, messageId: string | null, text: string): void;
  events(sessionId: string): SessionEvent[];
  follow(wants: (frame: LiveFrame) => boolean, backfill: SessionEvent[], signal: AbortSignal): AsyncIterable<LiveFrame>;
}

/** Makes empty streams. */
export function memoryStreams(): MemoryStreams {
  const all = new Map<string, SessionEvent[]>();
  const live = new EventEmitter().setMaxListeners(0);

  const events = (sessionId: string): SessionEvent[] => {
    const known = all.get(sessionId) ?? [];
    all.set(sessionId, known);
    return known;
  };

  return {
    events,
    add(sessionId, body) {
      const event = { session_id: sessionId, seq: events(sessionId).length + 1, ...body };
      events(sessionId).push(event);
      live.emit('frame', { kind: 'event', event } satisfies LiveFrame);
      return event;
    },
    delta(sessionId, messageId, text) {
      live.emit('frame', { kind: 'delta', session_id: sessionId, message_id: messageId, text } satisfies LiveFrame);
    },
    async *follow(wants, backfill, signal) {
      const waiting: LiveFrame[] = [];
      let isTooSlow = false;
      let wake = (): void => undefined;
      const onFrame = (frame: LiveFrame): void => {
        if (!wants(frame) || isTooSlow) return;
        isTooSlow = waiting.length >= BUFFER;
        waiting.push(frame);
        wake();
      };
      const onAbort = (): void => wake();
      live.on('frame', onFrame);
      signal.addEventListener('abort', onAbort);
      try {
        for (const event of backfill) {
          yield { kind: 'event', event };
          if (signal.aborted) return;
        }
        while (!signal.aborted) {
          if (isTooSlow) throw errors.slowReader();
          const frame = waiting.shift();
          if (frame !== undefined) yield frame;
          else await new Promise<void>((resolve) => (wake = resolve));
        }
      } finally {
        live.off('frame', onFrame);
        signal.removeEventListener('abort', onAbort);
      }
    },
  };
}
