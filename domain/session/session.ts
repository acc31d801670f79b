/** A session's life as callers see it; the workflow is the authority, the mirror repeats it. */
export const SESSION_STATUSES = ['connecting', 'active', 'idle', 'disconnecting', 'disconnected', 'error'] as const;
export type SessionStatus = (typeof SESSION_STATUSES)[number];

/** Whether the guide calls a session in this status active. */
export function isActive(status: SessionStatus): boolean {
  return status === 'active' || status === 'idle';
}

/** Whether a session in this status takes messages: one that is connecting, busy or idle lets them wait in line. */
export function takesMessages(status: SessionStatus): boolean {
  return status === 'connecting' || isActive(status);
}

/** Whether a session in this status has ended; one in `error` can be started again. */
export function hasEnded(status: SessionStatus): boolean {
  return status === 'disconnected' || status === 'error';
}

/** Claude Code's permission modes that a session may be created with. */
export const PERMISSION_MODES = ['default', 'acceptEdits', 'bypassPermissions', 'plan', 'dontAsk'] as const;
export type PermissionMode = (typeof PERMISSION_MODES)[number];

/** What a caller may choose for one session; what is left out comes from the configuration. */
export interface SessionOptions {
  model?: string;
  permission_mode?: PermissionMode;
  /** Seconds without work after which the agent process is let go. */
  idle_after_seconds?: number;
  /** Seconds without work after which the session is disconnected with `Idle timeout`. */
  idle_timeout_seconds?: number;
  /** Seconds of wall clock after which the session is disconnected whatever it does; not set: no limit. */
  max_duration_seconds?: number;
  /** What happens to the work of a turn that a crash cut off (default `report`). */
  on_interrupt?: 'report' | 'continue';
  /** Seconds that a turn may take; 0: for ever; not set: what the gateway is configured with. */
  turn_limit_seconds?: number;
}

/** The kinds of agent a session can talk to. `peer` is a plain server that speaks the guide's bare frames. */
export const AGENT_NAMES = ['claude', 'simulator', 'peer'] as const;
export type AgentName = (typeof AGENT_NAMES)[number];

/** Why a session or a turn failed: a stable code and a sentence for people. */
export interface Failure {
  code: string;
  message: string;
}
