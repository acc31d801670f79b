import type { ShownInteraction } from './control/interaction.ts';
import type { SessionEvent } from './session/event.ts';
import type { AgentName, Failure, SessionOptions, SessionStatus } from './session/session.ts';
import type { MessageStatus, ModelUsage } from './session/turn.ts';

/** The contract's Session. */
export interface Session {
  id: string;
  user_id: string;
  project_path: string;
  status: SessionStatus;
  is_active: boolean;
  cost_usd: number | null;
  started_at: string;
  ended_at: string | null;
  message_count: number;
  last_activity: string;
  title: string | null;
  options: SessionOptions;
  reason: string | null;
  error: Failure | null;
  agent: AgentName | null;
  simulated: boolean;
  at_least_once: boolean;
  /** Messages that wait for their turn. */
  queued: number;
  /** The open interaction that waits longest for a person. */
  waiting: ShownInteraction | null;
  /** The turn that runs; `summary` names the tool in use, or says that the agent writes. */
  running: { message_id: string; since: string; summary: string } | null;
}

export interface CreateSession {
  user_id: string;
  project_path: string;
  session_id?: string;
  title?: string;
  options?: SessionOptions;
}

export interface SendMessage {
  message: string;
  context?: Record<string, unknown>;
  /** The caller's `Idempotency-Key`, or null. */
  idempotency_key: string | null;
  /** A message id that the caller brings (supervisor socket); a UUID. Else it is made from the key, or at random. */
  message_id?: string;
}

/** One row of a session's history, both directions. */
export interface HistoryMessage {
  id: string;
  session_id: string;
  direction: 'to_claude' | 'from_claude';
  message: string;
  timestamp: string;
  cost_usd: number | null;
  status: MessageStatus;
  context: Record<string, unknown> | null;
  /** For `from_claude`: the message it answers, null for a turn that Claude began by itself. */
  reply_to: string | null;
  usage: ModelUsage[];
  /** For `from_claude`: whether the simulator answered instead of Claude. */
  simulated?: boolean;
  /** For `from_claude`: why its turn is not done. */
  error?: Failure;
}

/** Where a message is and, once its turn is settled, the answer. */
export interface MessageState {
  message_id: string;
  session_id: string;
  status: MessageStatus;
  content?: string;
  cost_usd?: number | null;
  timestamp: string;
  /** Id of the response, the `from_claude` row of the history, once there is one. */
  response_id?: string;
  simulated?: boolean;
  error?: Failure;
}

export interface Page<T> {
  items: T[];
  next_cursor: string | null;
}

export interface CostFilter {
  since?: string;
  until?: string;
  group_by?: 'day' | 'project' | 'model' | 'user';
}

export interface CostGroup {
  key: string;
  cost_usd: number | null;
  session_count: number;
  message_count: number;
}

export interface CostReport {
  user_id?: string;
  cost_usd: number | null;
  session_count: number;
  message_count: number;
  groups?: CostGroup[];
}

export interface SessionFilter {
  user_id?: string;
  status?: SessionStatus;
  project_path?: string;
  limit: number;
  cursor?: string;
}

export interface RouteConversation {
  from: string;
  message: string;
  channel: string;
  idempotency_key: string | null;
}

export interface Routed {
  routed: boolean;
  user_id: string;
  action: 'routed_to_claude_code' | 'handled_by_assistant';
  session_id?: string;
  message_id?: string;
  reason?: string;
}

/** A live frame: a numbered event, or text that is being written (no number, never stored). */
export type LiveFrame =
  | { kind: 'event'; event: SessionEvent }
  | { kind: 'delta'; session_id: string; message_id: string | null; text: string };
