import type { SessionEvent } from '../../domain/session/event.ts';
import type { LiveFrame } from '../../domain/service-data.ts';
import { onlyUserOf } from '../access/policy.ts';
import type { SessionService } from '../service/service.ts';
import type { ServiceContext } from '../service/context.ts';
import { makeFrameQueue } from './frame-queue.ts';

const BACKFILL_PAGE = 500;
const MAX_BEHIND = 1_000;

/** One session's stream: what is stored after `after`, then live, each number once and none left out. */
export function makeWatch(context: ServiceContext): SessionService['watch'] {
  return async function* watch(caller, sessionId, after, signal) {
    context.visible(caller, 'read_session', sessionId);
    let last = after;
    for (;;) {
      if (signal.aborted) return;
      const page = context.events.after(sessionId, last, BACKFILL_PAGE);
      if (page.length < BACKFILL_PAGE) {
        // Commit and publication are one synchronous step, and so are this read and the subscription: nothing is between.
        yield* live(context, sessionId, { page, last }, signal);
        return;
      }
      for (const event of page) yield { kind: 'event', event };
      last = page.at(-1)?.seq ?? last;
    }
  };
}

/** Live summaries of all the sessions that the caller may see. */
export function makeWatchAll(context: ServiceContext): SessionService['watchAll'] {
  return async function* watchAll(caller, signal) {
    const only = onlyUserOf(caller);
    const queue = makeFrameQueue(MAX_BEHIND, signal);
    const stop = context.bus.onAll(({ user_id, frame }) => {
      if (only !== null && user_id !== only) return;
      const summary = summaryOf(frame);
      if (summary !== null) queue.push(summary);
    });
    try {
      yield* queue.frames();
    } finally {
      stop();
    }
  };
}

async function* live(
  context: ServiceContext,
  sessionId: string,
  { page, last }: { page: SessionEvent[]; last: number },
  signal: AbortSignal,
): AsyncGenerator<LiveFrame> {
  const queue = makeFrameQueue(MAX_BEHIND, signal);
  const stop = context.bus.onSession(sessionId, ({ frame }) => {
    // A reader may ask for what comes after a number that is yet to come.
    if (frame.kind === 'delta' || frame.event.seq > last) queue.push(frame);
  });
  try {
    for (const event of page) yield { kind: 'event', event };
    yield* queue.frames();
  } finally {
    stop();
  }
}

const SUMMARIES: readonly string[] = ['status', 'cost', 'closed', 'interaction'];

function summaryOf(frame: LiveFrame): LiveFrame | null {
  if (frame.kind === 'delta') return null;
  const { event } = frame;
  if (event.type === 'result') return { kind: 'event', event: { ...event, content: '' } };
  return SUMMARIES.includes(event.type) ? frame : null;
}
