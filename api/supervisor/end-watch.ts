import type { Interaction } from '../../domain/control/interaction.ts';
import type { SessionFeed } from '../streams/session-feed.ts';

/** What a follower of a session wants to hear. */
export interface EndFollower {
  onEnd(end: { reason: string; timestamp: string }): void;
  onInteraction(interaction: Interaction): void;
  /** An end may have been missed: look for yourself. */
  onDoubt(): void;
}

/** The ends of sessions, for those who follow them. */
export interface EndWatch {
  /** Gives the function that stops following. */
  follow(sessionId: string, follower: EndFollower): () => void;
  close(): void;
}

/** Reads the ends of all sessions once for all sockets. */
export function makeEndWatch(feed: SessionFeed): EndWatch {
  const followers = new Map<string, Set<EndFollower>>();

  const close = feed.listen({
    onEvent(event) {
      for (const follower of followers.get(event.session_id) ?? []) {
        if (event.type === 'closed') follower.onEnd(event);
        if (event.type === 'interaction') follower.onInteraction(event.interaction);
      }
    },
    onReset() {
      for (const ofSession of followers.values()) for (const follower of ofSession) follower.onDoubt();
    },
  });

  return {
    close,
    follow(sessionId, follower) {
      const ofSession = followers.get(sessionId) ?? new Set();
      followers.set(sessionId, ofSession.add(follower));
      return () => {
        ofSession.delete(follower);
        if (ofSession.size === 0 && followers.get(sessionId) === ofSession) followers.delete(sessionId);
      };
    },
  };
}
