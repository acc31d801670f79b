import { setImmediate as nextTick } from 'node:timers/promises';
import type { NumberedEvent } from './agent-connection.ts';

const KEPT_EVENTS = 5_000;

/** Holds a connection's events until they are taken; a reader that comes late or twice sees them in order. */
export class EventBuffer {
  /** Every event above this number is in the buffer or has not arrived. */
  #floor: number;
  #events: NumberedEvent[] = [];
  #failure: Error | null = null;
  #wake = new Set<() => void>();

  constructor(afterSeq: number) {
    this.#floor = afterSeq;
  }

  covers(cursor: number): boolean {
    return cursor >= this.#floor;
  }

  push(event: NumberedEvent): void {
    const newest = this.#events.at(-1)?.seq ?? this.#floor;
    if (event.seq <= newest) return;
    this.#events.push(event);
    if (this.#events.length > KEPT_EVENTS) this.#floor = this.#events.shift()?.seq ?? this.#floor;
    this.#wakeAll();
  }

  /** Ends the buffer: readers get what is left, then this error. */
  fail(error: Error): void {
    this.#failure ??= error;
    this.#wakeAll();
  }

  async take(cursor: number, signal: AbortSignal): Promise<NumberedEvent[]> {
    for (;;) {
      signal.throwIfAborted();
      const first = this.#events.findIndex((event) => event.seq > cursor);
      if (first >= 0) {
        // One turn of the event loop more: frames of the same burst go into the same batch.
        await nextTick();
        const taken = this.#events.filter((event) => event.seq > cursor);
        this.#forget(cursor);
        return taken;
      }
      if (this.#failure !== null) throw this.#failure;
      await this.#next(signal);
    }
  }

  /** What a reader has asked to follow is in the mirror already. */
  #forget(cursor: number): void {
    if (cursor <= this.#floor) return;
    this.#floor = cursor;
    this.#events = this.#events.filter((event) => event.seq > cursor);
  }

  #next(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        this.#wake.delete(wake);
        signal.removeEventListener('abort', wake);
        resolve();
      };
      this.#wake.add(wake);
      signal.addEventListener('abort', wake);
    });
  }

  #wakeAll(): void {
    for (const wake of [...this.#wake]) wake();
  }
}
