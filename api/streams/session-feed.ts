import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SessionEvent } from '../../domain/session/event.ts';
import { errors } from '../../domain/errors.ts';
import type { Logger } from '../../domain/logger.ts';
import type { Caller, SessionService } from '../service/service.ts';

/** One summary of the whole system, numbered within an epoch of the feed. */
export interface FeedEntry {
  number: number;
  event: SessionEvent;
}

/** The summaries of all sessions, numbered and kept for a while, so that a client can resume. Not filtered by caller. */
export interface SessionFeed {
  /** Changes whenever summaries may have been missed; numbers of another epoch mean nothing. */
  epoch(): string;
  /** The newest number. */
  newest(): number;
  /** Whether everything behind this place is still kept. */
  covers(epoch: string, number: number): boolean;
  /** Everything behind `number`, then live. Throws `SLOW_READER` when what comes next is gone. Ends when `signal` aborts. */
  follow(number: number, signal: AbortSignal): AsyncIterable<FeedEntry>;
  /** Hears each summary at once; `onReset` means that some may have been missed. Gives the function that stops it. */
  listen(listener: { onEvent(event: SessionEvent): void; onReset(): void }): () => void;
  close(): void;
}

const KEPT = 10_000;
const RETRY_MS = 1_000;
const EVERYONE: Caller = { user_id: null, admin: true, via: 'local' };

/** Starts to read the summaries of all sessions; when the reading fails it starts anew, in a new epoch. */
export function startSessionFeed({ service, logger }: { service: SessionService; logger: Logger }): SessionFeed {
  const stop = new AbortController();
  const wakers = new Set<() => void>();
  const listeners = new Set<{ onEvent(event: SessionEvent): void; onReset(): void }>();
  let epoch = randomUUID();
  let kept: FeedEntry[] = [];
  let newest = 0;

  const wakeAll = (): void => {
    for (const wake of wakers) wake();
    wakers.clear();
  };

  const add = (event: SessionEvent): void => {
    newest += 1;
    kept.push({ number: newest, event });
    if (kept.length >= 2 * KEPT) kept = kept.slice(-KEPT);
    for (const listener of listeners) listener.onEvent(event);
    wakeAll();
  };

  const reset = (): void => {
    epoch = randomUUID();
    kept = [];
    // The place of every follower of the old epoch is gone.
    newest += 2;
    for (const listener of listeners) listener.onReset();
    wakeAll();
  };

  const oldest = (): number => newest - kept.length;

  const run = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      try {
        for await (const frame of service.watchAll(EVERYONE, stop.signal)) {
          if (frame.kind === 'event') add(frame.event);
        }
      } catch (error) {
        if (!stop.signal.aborted)
          logger.warn({ err: error }, 'Reading the summaries of all sessions failed: trying again');
      }
      if (stop.signal.aborted) return;
      await sleep(RETRY_MS, undefined, { signal: stop.signal }).catch(() => undefined);
      reset();
    }
  };
  void run();

  return {
    epoch: () => epoch,
    newest: () => newest,
    covers: (wantedEpoch, number) => wantedEpoch === epoch && number >= oldest() && number <= newest,
    async *follow(number, signal) {
      let last = number;
      let wake = (): void => undefined;
      const onAbort = (): void => wake();
      signal.addEventListener('abort', onAbort);
      try {
        while (!signal.aborted && !stop.signal.aborted) {
          if (last < oldest()) throw errors.slowReader();
          for (const entry of kept.slice(kept.length - (newest - last))) {
            yield entry;
            last = entry.number;
          }
          if (last < newest || signal.aborted) continue;
          await new Promise<void>((resolve) => {
            wake = resolve;
            wakers.add(resolve);
          });
          wakers.delete(wake);
        }
      } finally {
        signal.removeEventListener('abort', onAbort);
      }
    },
    listen(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    close() {
      stop.abort();
      wakeAll();
    },
  };
}
