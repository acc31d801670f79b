import type { AgentEvent } from '../../domain/event.ts';
import type { NumberedEvent } from '../journal/journal.ts';
import type { GatewayFrame } from '../../protocol/agent-protocol.ts';

const PAGE = 200;

/** Sends a session's events to one socket: what it missed first, then the live ones, without a hole or a repeat. */
export interface EventFeed {
  /** Begins after this number. */
  start(afterSeq: number): void;
  /** A new event was committed. */
  notify(seq: number, event: AgentEvent): void;
  /** Whether it has caught up, so that live text makes sense to its reader. */
  readonly live: boolean;
  stop(): void;
}

export interface FeedTarget {
  send(frame: GatewayFrame): void;
  /** Resolves when the reader has room for more. */
  sendSlowly(frame: GatewayFrame): Promise<void>;
}

/** `failed` is told when the journal cannot be read; the feed is at its end then. */
export function makeEventFeed(
  read: (afterSeq: number, limit: number) => NumberedEvent[],
  target: FeedTarget,
  failed: (error: unknown) => void,
): EventFeed {
  let next = Number.POSITIVE_INFINITY;
  let live = false;
  let stopped = false;

  async function catchUp(): Promise<void> {
    while (!stopped) {
      const page = read(next - 1, PAGE);
      // Nothing can be committed between an empty page and this line, so no event falls between the two.
      if (page.length === 0) {
        live = true;
        return;
      }
      for (const { seq, event } of page) {
        if (stopped) return;
        next = seq + 1;
        await target.sendSlowly({ type: 'event', seq, event });
      }
    }
  }

  function start(afterSeq: number): void {
    next = afterSeq + 1;
    live = false;
    catchUp().catch((error: unknown) => {
      stopped = true;
      failed(error);
    });
  }

  return {
    start,
    notify(seq, event) {
      if (stopped || !live || seq < next) return;
      if (seq > next) return start(next - 1);
      next = seq + 1;
      target.send({ type: 'event', seq, event });
    },
    get live() {
      return live && !stopped;
    },
    stop() {
      stopped = true;
    },
  };
}
