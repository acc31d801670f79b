import { hasEnded } from '../../domain/session/session.ts';
import type { Session } from '../api/calls.ts';

/** What a person should know of a session at a glance. */
export type StateName = 'waiting' | 'paused' | 'running' | 'ready' | 'idle' | 'connecting' | 'ended' | 'failed';

/** The word for each state. */
export const STATE_WORDS: Readonly<Record<StateName, string>> = {
  waiting: 'needs you',
  paused: 'paused',
  running: 'running',
  ready: 'ready',
  idle: 'idle',
  connecting: 'connecting',
  ended: 'ended',
  failed: 'failed',
};

/** The state of a session as a person sees it; `busy`: the transcript shows a turn under way. */
export function stateOf(session: Session, busy = false): StateName {
  if (session.status === 'error') return 'failed';
  if (hasEnded(session.status)) return 'ended';
  if (session.status === 'connecting') return 'connecting';
  if ((session.waiting ?? null) !== null) return 'waiting';
  if ((session.paused ?? null) !== null) return 'paused';
  if (busy || (session.running ?? null) !== null || session.queued > 0) return 'running';
  return session.status === 'idle' ? 'idle' : 'ready';
}

/** What a session is called: its title, else the folder that it works in. */
export function nameOf(session: Session): string {
  return session.title ?? folderOf(session.project_path);
}

/** The last part of a path. */
export function folderOf(path: string): string {
  return path.replace(/\/+$/, '').split('/').at(-1) || path;
}
