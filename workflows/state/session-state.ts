import type { AgentName, Failure, SessionStatus } from '../../domain/session/session.ts';
import type { SessionFloor, SessionStart } from '../../domain/session/session-workflows.ts';
import type { TurnResult } from '../../domain/session/turn.ts';
import type { SubmitMessage } from '../definitions.ts';
import { noInteractions, waitingOf } from './session-interactions.ts';
import type { SessionInteractions } from './session-interactions.ts';
import type { Asked, Connected, SettledTurn } from '../session-activities.ts';

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

/** What people see of a session whose connection is new, open or lost. */
type ShownStatus = Extract<SessionStatus, 'connecting' | 'active' | 'idle'>;

/** Where a session is in its life, and what its gateway holds for it as far as the workflow knows. */
export type Phase =
  /** No connection: a new session, or one whose connection was lost. The next turn opens one. */
  | { type: 'unconnected'; shown: ShownStatus }
  /** A connection is being opened; the snapshot of this version is for it to write. */
  | { type: 'connecting'; shown: ShownStatus }
  /** The gateway holds an agent for this lease. Shown as `active`, unless the session was asked to end meanwhile. */
  | { type: 'connected'; shown: ShownStatus }
  /**
   * The agent process was released, the conversation stays. Not `drained` where the gateway was away: it may hold an agent,
   * and results that nobody booked.
   */
  | { type: 'released'; drained: boolean }
  /** The session was asked to end; what runs is being settled. */
  | { type: 'disconnecting'; reason: string }
  | { type: 'disconnected'; reason: string; ended_at: string }
  /** The agent could not be reached; a later start continues from here. */
  | { type: 'error'; failure: Failure; ended_at: string };

/** The whole memory of a session; plain JSON, carried over continue-as-new as it is. See `load-state.ts` for older shapes. */
export interface SessionState extends SessionStart {
  phase: Phase;
  agent: AgentName | null;
  simulated: boolean;
  at_least_once: boolean;
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
  /** Turns whose cost the agent did not report. */
  unpriced_turns: number;
  background_tasks: number;
  /** The turns settled last, newest first, for the operator. */
  recent: RecentTurn[];
  started_at: string;
  last_activity: string;
  /** Why the session must end, once it was asked to; the first reason stays. */
  closing: string | null;
  /** What was reported as not carried out, the latest ones. */
  unsent: TurnResult[];
  /** What people were asked; a session that never asked has none. */
  interactions?: SessionInteractions;
  /** When somebody was last known to be attached; the idle timeout counts from there when it is later than the last activity. */
  present_at?: string;
  /** When the session was resumed last; the time limit counts from there. */
  resumed_at?: string;
  /** Whether the agent must find its conversation again when the next connection is opened. */
  resume_required?: boolean;
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

/** A session that was just created. */
export function newSession(start: SessionStart, now: string): SessionState {
  return {
    ...start,
    options: usableOptions(start.options),
    phase: { type: 'unconnected', shown: 'connecting' },
    agent: null,
    simulated: false,
    at_least_once: false,
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
    last_activity: now,
    closing: null,
    unsent: [],
  };
}

/** A session that is started where Temporal has no state of it: above what the mirror and the gateway know. */
export function fromFloor(start: SessionStart, floor: SessionFloor, now: string): SessionState {
  const { epoch, version, cursor, cost_nano, message_count, started_at } = floor;
  return { ...newSession(start, now), epoch, version: version + 1, cursor, cost_nano, message_count, started_at };
}

/** The status as people see it. */
export function statusOf({ phase }: SessionState): SessionStatus {
  if ('shown' in phase) return phase.shown;
  return phase.type === 'released' ? 'idle' : phase.type;
}

/** What people see until the connection that is opened now is up. */
function shownOf(state: SessionState): ShownStatus {
  const status = statusOf(state);
  return status === 'active' || status === 'idle' ? status : 'connecting';
}

/** Begins a connection: a new lease, and a snapshot version of its own for what it will write. */
export function beginConnect(state: SessionState): SessionState {
  const phase = { type: 'connecting' as const, shown: shownOf(state) };
  return { ...state, phase, epoch: state.epoch + 1, version: state.version + 1 };
}

/** The connection is up; what is still to come is received from here on. */
export function connected(state: SessionState, peer: Connected): SessionState {
  const shown = state.closing === null ? 'active' : shownOf(state);
  return { ...state, ...peer, phase: { type: 'connected', shown }, resume_required: false };
}

/** Whether the gateway holds an agent for this lease. */
export function isConnected({ phase }: SessionState): boolean {
  return phase.type === 'connected';
}

/** The connection is gone; the next turn opens a new one. */
export function lost(state: SessionState): SessionState {
  if (state.phase.type !== 'connected') return state;
  return { ...state, phase: { type: 'unconnected', shown: state.phase.shown } };
}

/** Whether nothing runs and nothing waits, so that the idle clocks count. */
export function isQuiet(state: SessionState): boolean {
  return state.current === null && state.queue.length === 0 && state.background_tasks === 0;
}

/** Whether the gateway has nothing of the session but its conversation: nothing is left to release or to book. */
export function isReleased({ phase }: SessionState): boolean {
  return phase.type === 'released' && phase.drained;
}

/** What people were asked. */
export function interactionsOf(state: SessionState): SessionInteractions {
  return state.interactions ?? noInteractions();
}

/** What the current message waits for; null while nothing of it is open. */
export function waitingFor(state: SessionState): Asked | null {
  return state.current === null ? null : waitingOf(interactionsOf(state), state.current.message_id);
}

/** Whether the current message waits for a person and no agent runs: nothing is left to listen to. */
export function isPutOff(state: SessionState): boolean {
  const waiting = waitingFor(state);
  return waiting !== null && waiting.live !== true;
}

/** The agent process is being released, the conversation stays. */
export function idled(state: SessionState): SessionState {
  return { ...state, phase: { type: 'released', drained: true }, version: state.version + 1 };
}

/** Asks the session to end; the first reason stays, and what is not a reason is ignored. */
export function close(state: SessionState, reason: string): SessionState {
  return state.closing === null && typeof reason === 'string' ? { ...state, closing: reason } : state;
}

/** The session begins to end. */
export function disconnecting(state: SessionState): SessionState {
  const phase = { type: 'disconnecting' as const, reason: state.closing ?? '' };
  return { ...state, phase, version: state.version + 1 };
}

/** The session has ended. */
export function disconnected(state: SessionState, now: string): SessionState {
  const phase = { type: 'disconnected' as const, reason: state.closing ?? '', ended_at: now };
  return { ...state, phase, background_tasks: 0, version: state.version + 1 };
}

/**
 * The agent cannot be reached; the run ends and a later start continues from here. The lease is a new one, so that an attempt
 * to connect that still runs is refused.
 */
export function broken(state: SessionState, failure: Failure, now: string): SessionState {
  const phase = { type: 'error' as const, failure, ended_at: now };
  return { ...state, phase, epoch: state.epoch + 1, background_tasks: 0, version: state.version + 1 };
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
  const phase = { type: 'unconnected' as const, shown: 'connecting' as const };
  return { ...state, phase, closing: null, last_activity: now, version: state.version + 1 };
}
