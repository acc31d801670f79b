import type { ProjectSettings } from '../project-settings.ts';
import type { AnswerGiven, AnswerOutcome } from '../control/interaction.ts';
import type { NanoUsd } from '../money/money.ts';
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

/**
 * What the mirror and the gateway's journal know of a session. A run that begins without the state of an earlier run starts
 * above this lease and version, and continues from this event number, cost and count.
 */
export interface SessionFloor {
  /** A lease that is higher than any that the gateway has seen. */
  epoch: number;
  /** The version of the mirror's snapshot. */
  version: number;
  /** The newest event number of the gateway whose results are in `cost_nano`. */
  cursor: number;
  cost_nano: NanoUsd;
  message_count: number;
  started_at: string;
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
  /** Ids of the interactions that wait for a person, oldest first. */
  asked: string[];
}

/**
 * The sessions' workflows, in the product's words; the Temporal client implements it.
 * Every call is safe to repeat. Errors: `SESSION_NOT_FOUND` (never started), `SESSION_NOT_ACTIVE` (ended),
 * `UNAVAILABLE` (Temporal is away; nothing is known about the call's effect, repeat it).
 */
export interface SessionWorkflows {
  /**
   * Starts the workflow; one that runs already is left alone. One that ended in `error` continues where it was. Throws
   * `SESSION_NOT_ACTIVE` for a session that ended otherwise. `floor`: what is known of a session that Temporal may have deleted.
   */
  start(session: SessionStart, options?: { floor?: SessionFloor }): Promise<'started' | 'running'>;
  /**
   * Starts a new run of a session that has ended, however it ended: with the state that the last run returned, else from the
   * floor. Its agent must find the conversation again; where it cannot, the run ends in `error` with `SESSION_NOT_RESUMABLE`.
   */
  resume(session: SessionStart, floor: SessionFloor): Promise<'started' | 'running'>;
  /** When this resolves the message is accepted: carried out once, or reported. */
  submit(sessionId: string, message: AgentMessage): Promise<void>;
  /** The same for a body that is stored already (see `Mirror.readBody`), because it is too large for a signal. */
  submitStored(sessionId: string, messageId: string): Promise<void>;
  /** Asks the session to end; resolves when the wish is durable. */
  disconnect(sessionId: string, reason: string): Promise<void>;
  /** Reports that a person is attached: the idle timeout counts from now. */
  presence(sessionId: string): Promise<void>;
  /**
   * Records a person's answer; the first one wins, whichever door it came through. Throws `SESSION_NOT_ACTIVE` where the session
   * has ended: then everything that it asked is withdrawn.
   */
  answer(sessionId: string, given: AnswerGiven): Promise<AnswerOutcome>;
  /** Reports that the turn that waits for a person was stopped at the gateway: what it asks is withdrawn. */
  withdraw(sessionId: string, reason: string, messageId?: string): Promise<void>;
  /** Ends the session with `Idle timeout` if it is past it now; a busy one stays. */
  reap(sessionId: string): Promise<void>;
  /** Asks the workflow itself; for checks, the mirror is for reading. */
  ledger(sessionId: string): Promise<SessionLedger>;
  /** Ids of the sessions whose workflow runs. May lag by a second. */
  listRunning(): Promise<string[]>;
  /**
   * Whether the workflow of a session runs, ended by itself, failed (also: was terminated in Temporal), or is unknown (never
   * was, or was deleted after the retention). Strongly consistent.
   */
  describe(sessionId: string): Promise<'running' | 'ended' | 'failed' | 'unknown'>;
  /** Throws `UNAVAILABLE` with the reason when Temporal does not answer within 2 s. */
  ping(): Promise<void>;
}

/** The gateway as the api uses it: one HTTP address beside the socket. */
export interface GatewayControl {
  /** Stops the turn that runs, or only the turn of `messageId`. False when there is no such turn or the peer is a plain one. */
  interrupt(sessionId: string, messageId?: string): Promise<boolean>;
  /** What a folder would make the agent run; null where the agent runs nothing of a folder. Throws `PROJECT_PATH`. */
  projectSettings(projectPath: string): Promise<ProjectSettings | null>;
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
