import type { NumberedEvent } from './agent-connection.ts';
import { ConnectionError } from './connection-errors.ts';

/** More than this of older events, by number or by size, is let go when another batch comes. */
const KEPT_EVENTS = 5_000;
const KEPT_BYTES = 8 * 1024 * 1024;

interface Waiter {
  resolve: () => void;
  reject: (error: Error) => void;
}

/** Holds a connection's events until they are taken; a reader that comes late or twice sees them in order. */
export class EventBuffer {
  /** Every event above this number is in the buffer or has not arrived. */
  #floor: number;
  #events: NumberedEvent[] = [];
  #bytes = 0;
  #failure: Error | null = null;
  #waiters = new Set<Waiter>();

  constructor(afterSeq: number) {
    this.#floor = afterSeq;
  }

  covers(cursor: number): boolean {
    return cursor >= this.#floor;
  }

  push(...events: NumberedEvent[]): void {
    // Before the batch is added: who waits for it gets it whole, however large it is.
    while (this.#events.length >= KEPT_EVENTS || this.#bytes > KEPT_BYTES) this.#dropOldest();
    for (const event of events) {
      const newest = this.#events.at(-1)?.seq ?? this.#floor;
      if (event.seq <= newest) continue;
      this.#events.push(event);
      this.#bytes += event.bytes;
    }
    for (const waiter of [...this.#waiters]) waiter.resolve();
  }

  /** Ends the buffer: readers get what is left, then this error. */
  fail(error: Error): void {
    this.#failure ??= error;
    for (const waiter of [...this.#waiters]) waiter.resolve();
  }

  /** Tells those who wait now that what they wait for is held up; later readers wait again. */
  interrupt(error: Error): void {
    for (const waiter of [...this.#waiters]) waiter.reject(error);
  }

  /** Resolves with the events after `cursor`. Rejects with `UNAVAILABLE` where some of them were let go: a new line has them. */
  async take(cursor: number, signal: AbortSignal): Promise<NumberedEvent[]> {
    for (;;) {
      signal.throwIfAborted();
      if (!this.covers(cursor)) throw lacks(cursor, this.#floor);
      const taken = this.#events.filter((event) => event.seq > cursor);
      if (taken.length > 0) {
        this.#forget(cursor);
        return taken;
      }
      if (this.#failure !== null) throw this.#failure;
      await this.#next(signal);
    }
  }

  /** What a reader has asked to follow is of no use to it any more. */
  #forget(cursor: number): void {
    while ((this.#events[0]?.seq ?? Infinity) <= cursor) this.#dropOldest();
    this.#floor = Math.max(this.#floor, cursor);
  }

  #dropOldest(): void {
    const oldest = this.#events.shift();
    if (oldest === undefined) return;
    this.#floor = oldest.seq;
    this.#bytes -= oldest.bytes;
  }

  #next(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const done = (): void => {
        this.#waiters.delete(waiter);
        signal.removeEventListener('abort', waiter.resolve);
      };
      const waiter: Waiter = {
        resolve: () => (done(), resolve()),
        reject: (error) => (done(), reject(error)),
      };
      this.#waiters.add(waiter);
      signal.addEventListener('abort', waiter.resolve);
    });
  }
}

function lacks(cursor: number, floor: number): ConnectionError {
  return new ConnectionError('UNAVAILABLE', `The line has no events from ${cursor + 1} to ${floor} any more`);
}
