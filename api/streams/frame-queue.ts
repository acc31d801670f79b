import { errors } from '../../domain/errors.ts';
import type { LiveFrame } from '../../domain/service-data.ts';

/** Frames between a bus that never waits and one reader that may. */
export interface FrameQueue {
  push(frame: LiveFrame): void;
  /** Yields until the signal aborts. Throws `SLOW_READER` once more than the maximum waited to be read. */
  frames(): AsyncGenerator<LiveFrame>;
}

/** Makes a queue of at most `max` frames. */
export function makeFrameQueue(max: number, signal: AbortSignal): FrameQueue {
  let waiting: LiveFrame[] = [];
  let overrun = false;
  let wake: (() => void) | null = null;

  function rouse(): void {
    wake?.();
    wake = null;
  }

  return {
    push(frame) {
      if (overrun) return;
      waiting.push(frame);
      if (waiting.length > max) {
        overrun = true;
        waiting = [];
      }
      rouse();
    },
    async *frames() {
      signal.addEventListener('abort', rouse);
      try {
        while (!signal.aborted) {
          if (overrun) throw errors.slowReader();
          const frame = waiting.shift();
          if (frame === undefined) await new Promise<void>((resolve) => void (wake = resolve));
          if (frame !== undefined) yield frame;
        }
      } finally {
        signal.removeEventListener('abort', rouse);
      }
    },
  };
}
