import type { NumberedEvent } from './line/agent-connection.ts';
import { ConnectionError } from './line/connection-errors.ts';

/** With more than this that nobody took, by number or by size, only what a reader cannot do without is kept. */
const KEPT_EVENTS = 5_000;
const KEPT_BYTES = 8 * 1024 * 1024;

interface Waiter {
  resolve: () => void;
  reject: (error: Error) => void;
}

/**
 * Holds a connection's events until they are taken; a reader that comes late or twice sees them in order. A turn's result
 * is never let go before it was taken, however much came before it.
 */
export class EventBuffer {
  /** Every event above this number that a reader needs is in the buffer or has not arrived. */
  #floor: number;
  #newest: number;
  #events: NumberedEvent[] = [];
  #bytes = 0;
  #failure: Error | null = null;
  #waiters = new Set<Waiter>();

  constructor(afterSeq: number) {
    this.#floor = afterSeq;
    this.#newest = afterSeq;
  }

  covers(cursor: number): boolean {
    return cursor >= this.#floor;
  }

  push(...events: NumberedEvent[]): void {
    // Before the batch is added: who waits for it gets it whole, however large it is.
    if (this.#events.length >= KEPT_EVENTS || this.#bytes > KEPT_BYTES) this.#keep(isNeeded);
    for (const event of events) {
      if (event.seq <= this.#newest) continue;
      this.#newest = event.seq;
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
    this.#keep((event) => event.seq > cursor);
    this.#floor = Math.max(this.#floor, cursor);
  }

  #keep(isKept: (event: NumberedEvent) => boolean): void {
    this.#events = this.#events.filter(isKept);
    this.#bytes = this.#events.reduce((sum, { bytes }) => sum + bytes, 0);
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

/** All are in the mirror; these settle a turn, or say what the agent still does. */
function isNeeded({ event }: NumberedEvent): boolean {
  return event.type === 'result' || event.type === 'background';
}

function lacks(cursor: number, floor: number): ConnectionError {
  return new ConnectionError('UNAVAILABLE', `The line has no events from ${cursor + 1} to ${floor} any more`);
}
