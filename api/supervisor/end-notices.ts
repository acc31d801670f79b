import type { Session } from '../service/service.ts';
import type { Interaction } from '../../domain/control/interaction.ts';
import type { EndWatch } from './end-watch.ts';

type End = { reason: string; timestamp: string };

interface Followed {
  stop: () => void;
  /** Own disconnects under way: their answer is the notice. */
  ownAnswers: number;
  missed: End | null;
}

/** Tells one connection, once, that a session which it created or subscribed to has ended. */
export interface EndNotices {
  follow(sessionId: string): void;
  /** Follows a session that was open a moment ago: when it has ended since, that is told too. */
  followOpen(sessionId: string): void;
  /** Runs this connection's own disconnect: when it succeeds no notice follows. */
  duringOwnDisconnect<T>(sessionId: string, work: () => Promise<T>): Promise<T>;
  close(): void;
}

function endOf(session: Session): End | null {
  if (session.status !== 'disconnected' && session.status !== 'error') return null;
  return {
    reason: session.reason ?? session.error?.message ?? session.status,
    timestamp: session.ended_at ?? session.last_activity,
  };
}

/** Makes the notices of one connection. */
export function makeEndNotices(options: {
  endWatch: EndWatch;
  getSession: (sessionId: string) => Promise<Session>;
  tell: (sessionId: string, end: End) => void;
  /** A followed session asks a person, or what it asked has ended. */
  ask: (interaction: Interaction) => void;
  onError: (error: unknown) => void;
}): EndNotices {
  const { endWatch, getSession, tell, ask, onError } = options;
  const followed = new Map<string, Followed>();

  const drop = (sessionId: string): void => {
    followed.get(sessionId)?.stop();
    followed.delete(sessionId);
  };

  const announce = (sessionId: string, end: End): void => {
    const entry = followed.get(sessionId);
    if (entry === undefined) return;
    if (entry.ownAnswers > 0) {
      entry.missed = end;
      return;
    }
    drop(sessionId);
    tell(sessionId, end);
  };

  const check = async (sessionId: string): Promise<void> => {
    const end = endOf(await getSession(sessionId));
    if (end !== null) announce(sessionId, end);
  };

  const follow = (sessionId: string): void => {
    if (followed.has(sessionId)) return;
    const stop = endWatch.follow(sessionId, {
      onEnd: (end) => announce(sessionId, { reason: end.reason, timestamp: end.timestamp }),
      onInteraction: ask,
      onDoubt: () => void check(sessionId).catch(onError),
    });
    followed.set(sessionId, { stop, ownAnswers: 0, missed: null });
  };

  return {
    follow,
    followOpen(sessionId) {
      follow(sessionId);
      void check(sessionId).catch(onError);
    },
    async duringOwnDisconnect(sessionId, work) {
      const entry = followed.get(sessionId);
      if (entry === undefined) return await work();
      entry.ownAnswers += 1;
      try {
        const answer = await work();
        drop(sessionId);
        return answer;
      } catch (error) {
        entry.ownAnswers -= 1;
        if (entry.missed !== null) announce(sessionId, entry.missed);
        throw error;
      }
    },
    close() {
      for (const sessionId of followed.keys()) drop(sessionId);
    },
  };
}
