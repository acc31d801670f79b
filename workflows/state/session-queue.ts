import { takesMessages } from '../../domain/session/session.ts';
import type { Failure } from '../../domain/session/session.ts';
import type { MirrorWrite } from '../../domain/mirror/mirror-write.ts';
import type { SubmitMessage } from '../definitions.ts';
import { statusOf } from './session-state.ts';
import type { SessionState } from './session-state.ts';

const TAKEN_IDS = 1_000;
const UNSENT_TURNS = 200;

/** Takes a message, once per id, and ignores what is not a message: it is queued, or refused where the session ends or the queue is full. */
export function accept(state: SessionState, message: SubmitMessage, now: string, queueDepth: number): SessionState {
  if (typeof message.message_id !== 'string' || state.taken.includes(message.message_id)) return state;
  const queued = { ...message, accepted_at: now };
  const failure = refusalOf(state, queueDepth);
  return {
    ...state,
    taken: [...state.taken, message.message_id].slice(-TAKEN_IDS),
    message_count: state.message_count + 1,
    ...(failure === null
      ? { queue: [...state.queue, queued], last_activity: now }
      : { refused: [...state.refused, { ...queued, failure }] }),
  };
}

function refusalOf(state: SessionState, queueDepth: number): Failure | null {
  if (!takesMessages(statusOf(state)) || state.closing !== null) {
    return { code: 'SESSION_NOT_ACTIVE', message: `Session is not active: ${state.session_id}` };
  }
  if (state.queue.length < queueDepth) return null;
  return { code: 'QUEUE_FULL', message: `Message queue is full for session: ${state.session_id}` };
}

/** Starts the oldest message; the caller checks that one waits. */
export function beginTurn(state: SessionState): SessionState {
  const [current = null, ...queue] = state.queue;
  return { ...state, current, queue };
}

/** Takes everything that waits or runs out of the session once it is reported; what was refused meanwhile is not yet. */
export function dropAll(state: SessionState): SessionState {
  return { ...state, current: null, queue: [] };
}

/** Takes the oldest refused messages out once they are reported. */
export function dropRefused(state: SessionState, count: number): SessionState {
  return { ...state, refused: state.refused.slice(count) };
}

/** Remembers what is reported as not carried out: the mirror can be made again from it. */
export function noteUnsent(state: SessionState, reports: MirrorWrite[]): SessionState {
  const turns = reports.flatMap((write) => (write.type === 'settled' ? [write.turn] : []));
  return { ...state, unsent: [...state.unsent, ...turns].slice(-UNSENT_TURNS) };
}
