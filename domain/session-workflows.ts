import type { SessionOptions } from './session.ts';
import type { AgentMessage } from './turn.ts';

/** What a session is started with; every default is filled in already. */
export interface SessionStart {
  session_id: string;
  user_id: string;
  project_path: string;
  title: string | null;
  options: SessionOptions & { idle_after_seconds: number; idle_timeout_seconds: number };
}

/** The ledger and queue of a session, as its workflow answers them to a query. */
export interface SessionLedger {
  session_id: string;
  status: string;
  cost_nano: number;
  message_count: number;
  /** Ids of the messages that wait, oldest first; the running one is `current`. */
  queue: string[];
  current: string | null;
}

/**
 * The sessions' workflows, in the product's words; the Temporal client implements it.
 * Every call is safe to repeat. Errors: `SESSION_NOT_FOUND` (never started), `SESSION_NOT_ACTIVE` (ended),
 * `UNAVAILABLE` (Temporal is away; nothing is known about the call's effect, repeat it).
 */
export interface SessionWorkflows {
  /** Starts the workflow; one that runs already is left alone. One that ended in `error` goes on where it was. */
  start(session: SessionStart): Promise<'started' | 'running'>;
  /** When this resolves the message is accepted: carried out once, or reported. */
  submit(sessionId: string, message: AgentMessage): Promise<void>;
  /** The same for a body that is stored already (see `Mirror.readBody`), because it is too large for a signal. */
  submitStored(sessionId: string, messageId: string): Promise<void>;
  /** Asks the session to end; resolves when the wish is durable. */
  disconnect(sessionId: string, reason: string): Promise<void>;
  /** Ends the session with `Idle timeout` if it is past it now; a busy one stays. */
  reap(sessionId: string): Promise<void>;
  /** Asks the workflow itself; for checks, the mirror is for reading. */
  ledger(sessionId: string): Promise<SessionLedger>;
  /** Ids of the sessions whose workflow runs. May lag by a second. */
  listRunning(): Promise<string[]>;
  /** Whether the workflow of a session runs, ended or never was; strongly consistent. */
  describe(sessionId: string): Promise<'running' | 'ended' | 'unknown'>;
  /** Throws `UNAVAILABLE` with the reason when Temporal does not answer within 2 s. */
  ping(): Promise<void>;
}

/** The gateway as the api uses it: one HTTP address beside the socket. */
export interface GatewayControl {
  /** Stops the turn that runs, or only the turn of `messageId`. False when there is no such turn or the peer is a plain one. */
  interrupt(sessionId: string, messageId?: string): Promise<boolean>;
  /** Throws `UNAVAILABLE` with the reason when the gateway does not answer within 2 s. */
  ping(): Promise<GatewayHealth>;
}

export interface GatewayHealth {
  /** The agent that a new session gets. */
  agent: 'claude' | 'simulator' | 'peer';
  simulated: boolean;
  /** Whether the peer speaks the sub-protocol, so that delivery is exactly once. */
  exactly_once: boolean;
  running_agents: number;
}
