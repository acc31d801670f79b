import { XswarmError } from '../../domain/errors.ts';
import type { SessionEvent } from '../../domain/session/event.ts';
import type { StreamCursor } from './cursor.ts';
import { mergeStreams } from './merge-streams.ts';
import type { Caller, SessionService } from '../service/service.ts';
import type { FeedEntry, SessionFeed } from './session-feed.ts';
import { watchSession } from './watch-session.ts';
import type { SessionFrame } from './watch-session.ts';

/** A frame of a client's whole stream. `cursor` is the place behind it; text that is being written has none. */
export type WorkerFrame =
  | { kind: 'resumed'; cursor: StreamCursor }
  | { kind: 'gap'; cursor: StreamCursor; reason: string; session_id?: string }
  | { kind: 'event'; cursor: StreamCursor; event: SessionEvent; summary: boolean }
  | { kind: 'delta'; session_id: string; message_id: string | null; text: string };

type Source = { from: 'feed'; entry: FeedEntry } | { from: 'session'; frame: SessionFrame };

async function* fromFeed(entries: AsyncIterable<FeedEntry>): AsyncGenerator<Source> {
  for await (const entry of entries) yield { from: 'feed', entry };
}

async function* fromSession(frames: AsyncIterable<SessionFrame>): AsyncGenerator<Source> {
  for await (const frame of frames) yield { from: 'session', frame };
}

/** Asks the service once a session whether the caller may see it; an owner never changes. */
function makeMaySee(service: SessionService, caller: Caller): (sessionId: string) => Promise<boolean> {
  const known = new Map<string, boolean>();
  return async (sessionId) => {
    const before = known.get(sessionId);
    if (before !== undefined) return before;
    const answer = await service.get(caller, sessionId).then(
      () => true,
      (error: unknown) => {
        if (error instanceof XswarmError && error.code === 'SESSION_NOT_FOUND') return false;
        throw error;
      },
    );
    known.set(sessionId, answer);
    return answer;
  };
}

/**
 * One stream for a whole client: summaries of all sessions it may see and every event of the watched ones. The first
 * frame says whether it goes on exactly where `cursor` was (`resumed`) or summaries may be missing (`gap`); watched
 * sessions go on exactly in both cases. Throws when the reader is too slow.
 */
export async function* watchClient(options: {
  service: SessionService;
  feed: SessionFeed;
  caller: Caller;
  watch: string[];
  cursor: StreamCursor | null;
  signal: AbortSignal;
}): AsyncGenerator<WorkerFrame> {
  const { service, feed, caller, watch, cursor, signal } = options;
  const resumes = cursor !== null && feed.covers(cursor.epoch, cursor.summary);
  const start = resumes ? cursor.summary : feed.newest();
  const maySee = makeMaySee(service, caller);
  let place: StreamCursor = {
    epoch: feed.epoch(),
    summary: start,
    watch: Object.fromEntries(watch.map((id) => [id, cursor?.watch[id] ?? 0])),
  };
  const gapReason = cursor === null ? 'new stream' : 'summaries since the cursor are not kept';
  yield resumes ? { kind: 'resumed', cursor: place } : { kind: 'gap', cursor: place, reason: gapReason };

  const sources = mergeStreams<Source>([
    fromFeed(feed.follow(start, signal)),
    ...watch.map((sessionId) =>
      fromSession(watchSession({ service, caller, sessionId, after: place.watch[sessionId] ?? 0, signal })),
    ),
  ]);
  for await (const source of sources) {
    if (source.from === 'feed') {
      const { number, event } = source.entry;
      place = { ...place, summary: number };
      if (watch.includes(event.session_id) || !(await maySee(event.session_id))) continue;
      yield { kind: 'event', cursor: place, event, summary: true };
      continue;
    }
    const { frame } = source;
    if (frame.kind === 'delta') {
      yield frame;
      continue;
    }
    const [sessionId, seq] = frame.kind === 'gap' ? [frame.session_id, 0] : [frame.event.session_id, frame.event.seq];
    place = { ...place, watch: { ...place.watch, [sessionId]: seq } };
    yield frame.kind === 'gap'
      ? { kind: 'gap', cursor: place, reason: 'the watched session starts over', session_id: sessionId }
      : { kind: 'event', cursor: place, event: frame.event, summary: false };
  }
}
