import type { NumberedEvent } from './agent-connection.ts';

const KEPT_EVENTS = 5_000;

interface Waiter {
  resolve: () => void;
  reject: (error: Error) => void;
}

/** Holds a connection's events until they are taken; a reader that comes late or twice sees them in order. */
export class EventBuffer {
  /** Every event above this number is in the buffer or has not arrived. */
  #floor: number;
  #events: NumberedEvent[] = [];
  #failure: Error | null = null;
  #waiters = new Set<Waiter>();

  constructor(afterSeq: number) {
    this.#floor = afterSeq;
  }

  covers(cursor: number): boolean {
    return cursor >= this.#floor;
  }

  push(...events: NumberedEvent[]): void {
    for (const event of events) {
      const newest = this.#events.at(-1)?.seq ?? this.#floor;
      if (event.seq <= newest) continue;
      this.#events.push(event);
      if (this.#events.length > KEPT_EVENTS) this.#floor = this.#events.shift()?.seq ?? this.#floor;
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

  async take(cursor: number, signal: AbortSignal): Promise<NumberedEvent[]> {
    for (;;) {
      signal.throwIfAborted();
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
    if (cursor <= this.#floor) return;
    this.#floor = cursor;
    this.#events = this.#events.filter((event) => event.seq > cursor);
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
