import { setImmediate as nextTick, setTimeout as delay } from 'node:timers/promises';
import type { NumberedEvent } from './line/agent-connection.ts';
import { EventBuffer } from './event-buffer.ts';
import { writeEvents, type EventTarget } from './write-events.ts';

const RETRY_MS = 300;
/** After so long of the same answer what may be about the other end counts as about the write. */
const DOUBT_MS = 5 * 60_000;
const MAX_BATCH = 500;
/** More than this unwritten, by number or by size, and the other end is to wait. */
const HIGH_WATER = 1_000;
const HIGH_WATER_BYTES = 4 * 1024 * 1024;

/** A line's events on their way to who receives them: written to the mirror first, as they come. */
export interface MirroredEvents {
  push(event: NumberedEvent): void;
  /** The line is over: what came before is still written, then readers get this error. */
  fail(error: Error): void;
  /** Nothing is tried again from here on; what is not written yet is for the next line. */
  stop(): void;
  /** See `AgentConnection`. */
  covers(cursor: number): boolean;
  take(cursor: number, signal: AbortSignal): Promise<NumberedEvent[]>;
}

/**
 * Writes events a transaction a batch, until they are written: while the mirror cannot be written those who wait hear why,
 * and `flow` holds the other end back. So callers are answered when the answer is here, not when somebody receives it.
 */
export function makeMirroredEvents(
  options: EventTarget & { afterSeq: number; flow: { pause(): void; resume(): void }; doubtMs?: number },
): MirroredEvents {
  const { flow, doubtMs = DOUBT_MS } = options;
  const buffer = new EventBuffer(options.afterSeq);
  const pending: NumberedEvent[] = [];
  let pendingBytes = 0;
  let isHeldBack = false;
  let writing = false;
  let stopped = false;
  let end: Error | null = null;

  async function writeAll(): Promise<void> {
    writing = true;
    let lastWritten = performance.now();
    // One turn of the event loop more: frames of the same burst go into the same batch.
    await nextTick();
    while (pending.length > 0) {
      const batch = pending.slice(0, MAX_BATCH);
      try {
        await writeEvents(options, batch, performance.now() - lastWritten > doubtMs);
        lastWritten = performance.now();
      } catch (error) {
        buffer.interrupt(error as Error);
        if (stopped) break;
        await delay(RETRY_MS);
        continue;
      }
      pending.splice(0, batch.length);
      for (const { bytes } of batch) pendingBytes -= bytes;
      control();
      buffer.push(...batch);
    }
    writing = false;
    if (end !== null) buffer.fail(end);
  }

  function control(): void {
    const isFull = pending.length >= HIGH_WATER || pendingBytes >= HIGH_WATER_BYTES;
    if (isFull === isHeldBack) return;
    isHeldBack = isFull;
    if (isFull) flow.pause();
    else flow.resume();
  }

  return {
    push(event) {
      pending.push(event);
      pendingBytes += event.bytes;
      control();
      if (!writing) void writeAll();
    },
    fail(error) {
      end ??= error;
      if (!writing) buffer.fail(end);
    },
    stop: () => void (stopped = true),
    covers: (cursor) => buffer.covers(cursor),
    take: (cursor, signal) => buffer.take(cursor, signal),
  };
}
