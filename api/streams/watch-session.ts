import type { Caller, LiveFrame, SessionService } from '../service/service.ts';

/** A frame of one session's stream; `gap`: the place asked for does not exist, the stream starts over. */
export type SessionFrame = LiveFrame | { kind: 'gap'; session_id: string; after: number };

/** The last place that a reader can truly have been at: 0 when the stream is shorter than it says. */
async function knownPlace(service: SessionService, caller: Caller, sessionId: string, after: number): Promise<number> {
  if (after === 0) return 0;
  const [event] = await service.events(caller, sessionId, { after: after - 1, limit: 1 });
  return event?.seq === after ? after : 0;
}

/** A session's stream behind `after`, then live, without a hole or a repeat; a reader that is ahead of it is told. */
export async function* watchSession(options: {
  service: SessionService;
  caller: Caller;
  sessionId: string;
  after: number;
  signal: AbortSignal;
}): AsyncGenerator<SessionFrame> {
  const { service, caller, sessionId, after, signal } = options;
  const from = await knownPlace(service, caller, sessionId, after);
  if (from !== after) yield { kind: 'gap', session_id: sessionId, after };
  yield* service.watch(caller, sessionId, from, signal);
}
