import type { AgentEvent } from '../../domain/session/event.ts';
import type { NumberedEvent } from '../journal/journal.ts';
import type { SocketLine } from './socket-line.ts';

const PAGE = 200;

/** Sends a session's events to one socket: the missed ones first, then the live ones, without a hole or a repeat. */
export class EventFeed {
  readonly #read: (afterSeq: number, limit: number) => NumberedEvent[];
  readonly #line: SocketLine;
  readonly #failed: (error: unknown) => void;
  #next = Number.POSITIVE_INFINITY;
  #live = false;
  #stopped = false;

  /** `failed` is called when the journal cannot be read; the feed has stopped then. */
  constructor(
    read: (afterSeq: number, limit: number) => NumberedEvent[],
    line: SocketLine,
    failed: (error: unknown) => void,
  ) {
    this.#read = read;
    this.#line = line;
    this.#failed = failed;
  }

  /** Whether it has caught up, so that live text makes sense to its reader. */
  get live(): boolean {
    return this.#live && !this.#stopped;
  }

  /** Begins after this number. */
  start(afterSeq: number): void {
    this.#next = afterSeq + 1;
    this.#live = false;
    this.#catchUp().catch((error: unknown) => {
      this.#stopped = true;
      this.#failed(error);
    });
  }

  /** A new event was committed. */
  notify(seq: number, event: AgentEvent): void {
    if (!this.live || seq < this.#next) return;
    if (seq > this.#next) return this.start(this.#next - 1);
    this.#next = seq + 1;
    this.#line.send({ type: 'event', seq, event });
  }

  stop(): void {
    this.#stopped = true;
  }

  async #catchUp(): Promise<void> {
    while (!this.#stopped) {
      const page = this.#read(this.#next - 1, PAGE);
      // Nothing can be committed between an empty page and this line, so no event falls between the two.
      if (page.length === 0) {
        this.#live = true;
        return;
      }
      for (const { seq, event } of page) {
        if (this.#stopped) return;
        this.#next = seq + 1;
        await this.#line.sendSlowly({ type: 'event', seq, event });
      }
    }
  }
}
