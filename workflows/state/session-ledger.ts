import type { Asked, Received, Released, SettledTurn } from '../session-activities.ts';
import { ask, endTurn } from './session-interactions.ts';
import { interactionsOf } from './session-state.ts';
import { preview } from './session-views.ts';
import type { Phase, SessionState } from './session-state.ts';

const RECENT_TURNS = 5;

/**
 * Books what the gateway settled: each event number once, the ledger adds up, the awaited message is done. So is one that
 * still waits: a workflow task that was lost had handed it over, and beginning it would wait for a result that is booked.
 */
export function book(state: SessionState, received: Received, now: string): SessionState {
  const fresh = received.turns.filter((turn) => turn.seq > state.cursor);
  const booked = fresh.reduce((sum, turn) => bookTurn(sum, turn, now), bookAsked(state, received.asked));
  return {
    ...booked,
    cursor: Math.max(state.cursor, received.cursor),
    background_tasks: received.background_tasks,
    last_activity: fresh.length > 0 ? now : state.last_activity,
  };
}

/** Opens what people are asked, once per id; the message that asks waits from here on. */
function bookAsked(state: SessionState, asked: Asked[] = []): SessionState {
  if (asked.length === 0) return state;
  const interactions = asked.reduce((sum, one) => ask(sum, one), interactionsOf(state));
  return { ...state, interactions };
}

/** What the message still asked is withdrawn with its turn. */
function settledOf({ interactions }: SessionState, turn: SettledTurn, now: string): Partial<SessionState> {
  if (interactions === undefined || turn.message_id === null) return {};
  return { interactions: endTurn(interactions, { ...turn, message_id: turn.message_id }, now) };
}

function bookTurn(state: SessionState, turn: SettledTurn, now: string): SessionState {
  return {
    ...state,
    ...settledOf(state, turn, now),
    cost_nano: state.cost_nano + (turn.cost_nano ?? 0),
    unpriced_turns: state.unpriced_turns + (turn.cost_nano === null ? 1 : 0),
    turn_count: state.turn_count + 1,
    current: state.current?.message_id === turn.message_id ? null : state.current,
    queue: state.queue.filter((message) => message.message_id !== turn.message_id),
    recent: [{ ...turn, question: questionOf(state, turn) }, ...state.recent].slice(0, RECENT_TURNS),
  };
}

function questionOf({ current, queue }: SessionState, { message_id }: SettledTurn): string | undefined {
  const message = [current, ...queue].find((known) => known?.message_id === message_id);
  return message === null || message === undefined ? undefined : preview(message);
}

/** Books what the release returned, or remembers that it is still to come; an idle session whose agent works on is active again. */
export function released(state: SessionState, { let_go, received }: Released, now: string): SessionState {
  const booked = received === null ? state : book(state, received, now);
  const isIdle = state.phase.type === 'released';
  if (!let_go && isIdle) {
    const background_tasks = Math.max(1, booked.background_tasks);
    return { ...booked, phase: { type: 'connected', shown: 'active' }, background_tasks };
  }
  const phase: Phase = isIdle ? { type: 'released', drained: received !== null } : state.phase;
  return { ...booked, phase, background_tasks: 0 };
}
