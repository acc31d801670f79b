import type { Failure, AgentName, SessionStatus } from '../../domain/session/session.ts';
import type { SessionFloor, SessionStart } from '../../domain/session/session-workflows.ts';
import type { TurnResult } from '../../domain/session/turn.ts';
import type { SubmitMessage } from '../definitions.ts';
import type { Connected, SettledTurn } from '../session-activities.ts';

/** A message that waits or runs. */
export interface QueuedMessage extends SubmitMessage {
  accepted_at: string;
}

/** A message that was taken and cannot be carried out, to be reported once. */
export interface RefusedMessage extends QueuedMessage {
  failure: Failure;
}

/** A settled turn with the beginning of its message, where there was one. */
export interface RecentTurn extends SettledTurn {
  question?: string;
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
  recent: RecentTurn[];
  started_at: string;
  ended_at: string | null;
  last_activity: string;
  /** Set once the session is to end. */
  closing: string | null;
  /** What was reported as not carried out, the latest ones; a state of an older release has none. */
  unsent?: TurnResult[];
  /** Whether the snapshot of this version is for the connection that is being opened to write. */
  opening?: boolean;
  /** When somebody was last known to be attached; the idle timeout counts from there when it is later than the last activity. */
  present_at?: string;
  /** When the session was resumed last; the time limit counts from there. */
  resumed_at?: string;
  /** Whether the agent must find its conversation again when the next connection is opened. */
  resume_required?: boolean;
  /** Whether the gateway was away when the agent was to be let go: it may hold an agent, and results that nobody booked. */
  undrained?: boolean;
}

const IDLE_AFTER_SECONDS = 60;
const IDLE_TIMEOUT_SECONDS = 300;

/** The options without what no timer can work with: an option that is null or not a number counts as not set. */
export function usableOptions(options: SessionStart['options']): SessionStart['options'] {
  const usable = Object.entries(options).filter(([, value]) => value !== null && !Number.isNaN(value));
  return {
    idle_after_seconds: IDLE_AFTER_SECONDS,
    idle_timeout_seconds: IDLE_TIMEOUT_SECONDS,
    ...Object.fromEntries(usable),
  };
}

/** A session that was just asked for. */
export function newSession(start: SessionStart, now: string): SessionState {
  return {
    ...start,
    options: usableOptions(start.options),
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

/** A session that is started where Temporal has no state of it: above what the mirror and the gateway know. */
export function fromFloor(start: SessionStart, floor: SessionFloor, now: string): SessionState {
  const { epoch, version, cursor, cost_nano, message_count, started_at } = floor;
  return { ...newSession(start, now), epoch, version: version + 1, cursor, cost_nano, message_count, started_at };
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
    resume_required: false,
    // What is still to come is listened to from here on.
    undrained: false,
    status: state.closing === null ? 'active' : state.status,
  };
}

/** The connection is gone; the next turn opens a new one. */
export function lost(state: SessionState): SessionState {
  return { ...state, connected: false };
}

/** Whether nothing runs and nothing waits, so that the idle clocks count. */
export function isQuiet(state: SessionState): boolean {
  return state.current === null && state.queue.length === 0 && state.background_tasks === 0;
}

/** Whether the gateway is done with the session for now: an idle one that is being woken, or could not be let go, may have an agent. */
export function isLetGo(state: SessionState): boolean {
  return state.status === 'idle' && !state.connected && state.opening !== true && state.undrained !== true;
}

/** The agent process was let go, the conversation stays. */
export function idled(state: SessionState): SessionState {
  return { ...state, status: 'idle', connected: false, opening: false, version: state.version + 1 };
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

/**
 * The agent cannot be had; the run ends and a later start goes on from here. The lease is a new one, so that an attempt to
 * connect that is still at it is turned away.
 */
export function broken(state: SessionState, failure: Failure, now: string): SessionState {
  return {
    ...state,
    status: 'error',
    reason: failure.message,
    opening: false,
    failure,
    connected: false,
    epoch: state.epoch + 1,
    background_tasks: 0,
    ended_at: now,
    version: state.version + 1,
  };
}

/** Somebody is attached. */
export function present(state: SessionState, now: string): SessionState {
  return { ...state, present_at: now };
}

/** A session that is started again because somebody resumed it: its agent must find the conversation. */
export function resumed(state: SessionState, now: string): SessionState {
  return { ...state, resumed_at: now, resume_required: true };
}

/** A session that has ended and is started again: the ledger, ids and conversation stay. */
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
