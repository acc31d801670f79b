import type { Failure, SessionStatus } from '../../domain/session/session.ts';
import type { Phase, SessionState } from './session-state.ts';

/** What release 0.1.0 kept of a session's life instead of `phase`; the optional fields came later in it. */
interface EarlierLife {
  phase?: undefined;
  status: SessionStatus;
  reason: string | null;
  failure: Failure | null;
  ended_at: string | null;
  connected: boolean;
  opening?: boolean;
  undrained?: boolean;
}

/** A state as any release left it: in the input of a run, or as the result of one. */
export type SavedState =
  SessionState | (EarlierLife & Omit<SessionState, 'phase' | 'unsent'> & { unsent?: SessionState['unsent'] });

/** Reads a state of any release; one of this release is returned as it is. */
export function loadState(saved: SavedState): SessionState {
  if (saved.phase !== undefined) return saved;
  const { status, reason, failure, ended_at, connected, opening, undrained, unsent = [], ...rest } = saved;
  const life = { status, reason, failure, ended_at, connected, opening, undrained };
  return { ...rest, phase: phaseOf(life, saved.last_activity), unsent };
}

function phaseOf(life: EarlierLife, lastActivity: string): Phase {
  const { status, reason, failure, ended_at, connected, opening, undrained } = life;
  switch (status) {
    case 'disconnecting':
      return { type: 'disconnecting', reason: reason ?? '' };
    case 'disconnected':
      return { type: 'disconnected', reason: reason ?? '', ended_at: ended_at ?? lastActivity };
    case 'error': {
      const cause = failure ?? { code: 'INTERNAL', message: reason ?? '' };
      return { type: 'error', failure: cause, ended_at: ended_at ?? lastActivity };
    }
    case 'connecting':
    case 'active':
    case 'idle':
      if (connected) return { type: 'connected', shown: status };
      if (opening === true) return { type: 'connecting', shown: status };
      return status === 'idle'
        ? { type: 'released', drained: undrained !== true }
        : { type: 'unconnected', shown: status };
  }
}
