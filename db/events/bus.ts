import type { SessionEvent } from '../../domain/session/event.ts';
import type { LiveFrame } from '../../domain/service-data.ts';

/** A frame on its way to whoever watches. */
export interface Published {
  /** Owner of the session; null for text that is being written, which only goes to who watches that session. */
  user_id: string | null;
  frame: LiveFrame;
}

export type Listener = (published: Published) => void;

/** Tells the watchers in this process what was committed. Listeners are called at once, in order, and never throw. */
export interface Bus {
  publish(published: Published): void;
  /** Hears one session until the returned function is called. */
  onSession(sessionId: string, listener: Listener): () => void;
  /** Hears all sessions until the returned function is called. */
  onAll(listener: Listener): () => void;
  /** Whether anyone hears this session now. */
  isHeard(sessionId: string): boolean;
}

/** Makes an empty bus. */
export function makeBus(): Bus {
  const bySession = new Map<string, Set<Listener>>();
  const all = new Set<Listener>();

  return {
    publish(published) {
      const sessionId = sessionOf(published.frame);
      for (const listener of [...(bySession.get(sessionId) ?? [])]) listener(published);
      for (const listener of [...all]) listener(published);
    },
    onSession(sessionId, listener) {
      const listeners = bySession.get(sessionId) ?? new Set();
      bySession.set(sessionId, listeners.add(listener));
      return () => {
        listeners.delete(listener);
        if (listeners.size === 0 && bySession.get(sessionId) === listeners) bySession.delete(sessionId);
      };
    },
    onAll(listener) {
      all.add(listener);
      return () => void all.delete(listener);
    },
    isHeard: (sessionId) => all.size > 0 || bySession.has(sessionId),
  };
}

/** The session a frame is about. */
export function sessionOf(frame: LiveFrame): string {
  return frame.kind === 'event' ? frame.event.session_id : frame.session_id;
}

/** A frame around a committed event. */
export function eventFrame(event: SessionEvent): LiveFrame {
  return { kind: 'event', event };
}
