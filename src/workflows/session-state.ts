import type { Failure, AgentName, SessionStatus } from '../domain/session.ts';
import { takesMessages } from '../domain/session.ts';
import type { MirrorWrite } from '../domain/mirror-write.ts';
import type { SessionStart } from '../domain/session-workflows.ts';
import type { TurnResult } from '../domain/turn.ts';
import type { SubmitMessage } from './definitions.ts';
import type { Connected, Received, Released, SettledTurn } from './session-activities.ts';

/** A message that waits or runs. */
export interface QueuedMessage extends SubmitMessage {
  accepted_at: string;
}

/** A message that was taken and cannot be carried out, to be reported once. */
export interface RefusedMessage extends QueuedMessage {
  failure: Failure;
}

/** The whole memory of a session; plain JSON, carried over continue-as-new as it is. */
export interface SessionState extends SessionStart {
  status: SessionStatus;
  reason: string | null;
  failure: Failure | null;
  agent: AgentName | null;
  simulated: boolean;
  at_least_once: boolean;
  /** Whether the gateway holds an agent for this epoch, as far as the workflow knows. */
  connected: boolean;
  epoch: number;
  /** Newest event number of the gateway that is booked: a result at or below it books nothing. */
  cursor: number;
  /** Version of the snapshot, see `SessionSnapshot`. */
  version: number;
  queue: QueuedMessage[];
  current: QueuedMessage | null;
  refused: RefusedMessage[];
  /** The ids taken last, oldest first. */
  taken: string[];
  cost_nano: number;
  message_count: number;
  turn_count: number;
  /** Turns whose cost the agent could not tell. */
  unpriced_turns: number;
  background_tasks: number;
  /** The turns settled last, newest first, for the operator. */
  recent: SettledTurn[];
  started_at: string;
  ended_at: string | null;
  last_activity: string;
  /** Set once the session is to end. */
  closing: string | null;
  /** What was reported as not carried out, the latest ones; a state of an older release has none. */
  unsent?: TurnResult[];
  /** Whether the snapshot of this version is for the connection that is being opened to write. */
  opening?: boolean;
}

const TAKEN_IDS = 1_000;
const RECENT_TURNS = 5;
const UNSENT_TURNS = 200;

/** A session that was just asked for. */
export function newSession(start: SessionStart, now: string): SessionState {
  return {
    ...start,
    status: 'connecting',
    reason: null,
    failure: null,
    agent: null,
    simulated: false,
    at_least_once: false,
    connected: false,
    epoch: 0,
    cursor: 0,
    version: 1,
    queue: [],
    current: null,
    refused: [],
    taken: [],
    cost_nano: 0,
    message_count: 0,
    turn_count: 0,
    unpriced_turns: 0,
    background_tasks: 0,
    recent: [],
    started_at: now,
    ended_at: null,
    last_activity: now,
    closing: null,
  };
}

/** Takes a message, once per id: it is queued, or refused where the session ends or the queue is full. */
export function accept(state: SessionState, message: SubmitMessage, now: string, queueDepth: number): SessionState {
  if (state.taken.includes(message.message_id)) return state;
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
  if (!takesMessages(state.status) || state.closing !== null) {
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

/** Begins a connection: a new lease, and a snapshot version of its own for what it will write. */
export function beginConnect(state: SessionState): SessionState {
  return { ...state, connected: false, opening: true, epoch: state.epoch + 1, version: state.version + 1 };
}

/** The connection is up. */
export function connected(state: SessionState, peer: Connected): SessionState {
  return {
    ...state,
    ...peer,
    connected: true,
    opening: false,
    status: state.closing === null ? 'active' : state.status,
  };
}

/** The connection is gone; the next turn opens a new one. */
export function lost(state: SessionState): SessionState {
  return { ...state, connected: false };
}

/**
 * Books what the gateway settled: each event number once, the ledger adds up, the awaited message is done. So is one that
 * still waits: a workflow task that was lost had handed it over, and beginning it would wait for a result that is booked.
 */
export function book(state: SessionState, received: Received, now: string): SessionState {
  const fresh = received.turns.filter((turn) => turn.seq > state.cursor);
  const booked = fresh.reduce(bookTurn, state);
  return {
    ...booked,
    cursor: Math.max(state.cursor, received.cursor),
    background_tasks: received.background_tasks,
    last_activity: fresh.length > 0 ? now : state.last_activity,
  };
}

function bookTurn(state: SessionState, turn: SettledTurn): SessionState {
  return {
    ...state,
    cost_nano: state.cost_nano + (turn.cost_nano ?? 0),
    unpriced_turns: state.unpriced_turns + (turn.cost_nano === null ? 1 : 0),
    turn_count: state.turn_count + 1,
    current: state.current?.message_id === turn.message_id ? null : state.current,
    queue: state.queue.filter((message) => message.message_id !== turn.message_id),
    recent: [turn, ...state.recent].slice(0, RECENT_TURNS),
  };
}

/** Whether nothing runs and nothing waits, so that the idle clocks count. */
export function isQuiet(state: SessionState): boolean {
  return state.current === null && state.queue.length === 0 && state.background_tasks === 0;
}

/** The agent process was let go, the conversation stays. */
export function idled(state: SessionState): SessionState {
  return { ...state, status: 'idle', connected: false, opening: false, version: state.version + 1 };
}

/** Books what the release brought; a session whose agent works on is active again. */
export function released(state: SessionState, released: Released, now: string): SessionState {
  const booked = released.received === null ? state : book(state, released.received, now);
  if (released.let_go) return { ...booked, background_tasks: 0 };
  return { ...booked, status: 'active', connected: true, background_tasks: Math.max(1, booked.background_tasks) };
}

/** Asks the session to end; the first reason stays. */
export function close(state: SessionState, reason: string): SessionState {
  return state.closing === null ? { ...state, closing: reason } : state;
}

/** The session begins to end. */
export function disconnecting(state: SessionState): SessionState {
  return { ...state, status: 'disconnecting', reason: state.closing, opening: false, version: state.version + 1 };
}

/** The session has ended. */
export function disconnected(state: SessionState, now: string): SessionState {
  return {
    ...state,
    status: 'disconnected',
    reason: state.closing,
    opening: false,
    connected: false,
    background_tasks: 0,
    ended_at: now,
    version: state.version + 1,
  };
}

/** The agent cannot be had; the run ends and a later start goes on from here. */
export function broken(state: SessionState, failure: Failure, now: string): SessionState {
  return {
    ...state,
    status: 'error',
    reason: failure.message,
    opening: false,
    failure,
    connected: false,
    background_tasks: 0,
    ended_at: now,
    version: state.version + 1,
  };
}

/** A session in `error` that is started again: the ledger, ids and conversation stay. */
export function revived(state: SessionState, now: string): SessionState {
  return {
    ...state,
    status: 'connecting',
    reason: null,
    failure: null,
    ended_at: null,
    closing: null,
    last_activity: now,
    version: state.version + 1,
  };
}

/** Takes everything that waits or runs out of the session once it is reported; what was refused meanwhile is not yet. */
export function dropAll(state: SessionState): SessionState {
  return { ...state, current: null, queue: [] };
}

/** Remembers what is reported as not carried out: the mirror can be made again from it. */
export function noteUnsent(state: SessionState, reports: MirrorWrite[]): SessionState {
  const turns = reports.flatMap((write) => (write.type === 'settled' ? [write.turn] : []));
  return { ...state, unsent: [...(state.unsent ?? []), ...turns].slice(-UNSENT_TURNS) };
}
