import type { Interaction, InteractionEnd } from '../domain/control/interaction.ts';
import type { AgentName, Failure, SessionOptions } from '../domain/session/session.ts';
import type { MirrorWrite, SessionSnapshot } from '../domain/mirror/mirror-write.ts';
import type { TurnOutcome } from '../domain/session/turn.ts';

/** All that an activity needs to take up a session's connection anew, on whatever worker it runs. */
export interface Lease {
  session_id: string;
  project_path: string;
  options: Pick<SessionOptions, 'model' | 'permission_mode' | 'on_interrupt' | 'turn_limit_seconds'> & {
    /** What people allowed for the session; left out where that is nothing. */
    session_rules?: string[];
  };
  /** The lease that this run of the connection holds. */
  epoch: number;
  /** The newest event number of the gateway that the workflow has booked. */
  cursor: number;
  /** Whether the agent must find its conversation again: set for the first connection of a resumed session. */
  resume_required?: boolean;
}

export interface ConnectInput {
  lease: Lease;
  /** Written to the mirror, completed by what the agent said of itself, once the connection is up. */
  snapshot: SessionSnapshot;
}

export interface Connected {
  agent: AgentName;
  simulated: boolean;
  /** True for a plain peer, which has no journal to make delivery exactly once. */
  at_least_once: boolean;
  background_tasks: number;
}

/** One message for the agent, over the session's connection. */
export interface MessageInput {
  lease: Lease;
  message_id: string;
  /** Null when the body is stored (it was too large for a signal). */
  content: string | null;
  context?: Record<string, unknown>;
}

export interface ReceiveInput {
  lease: Lease;
  /** The message whose turn is awaited, handed over by an earlier activity; null to listen to background tasks. */
  message_id: string | null;
}

/** A settled turn as the workflow keeps it: no body, only what the ledger and the operator need. */
export interface SettledTurn {
  seq: number;
  turn_id: string;
  message_id: string | null;
  outcome: TurnOutcome;
  failure: Failure | null;
  cost_nano: number | null;
  finished_at: string;
  /** The beginning of the answer, 120 characters at most. */
  preview: string;
  /** SHA-256 of the whole answer, hex. */
  digest: string;
}

/** What a turn asks a person; what it shows is in the mirror. */
export interface Asked extends Pick<
  Interaction,
  'interaction_id' | 'message_id' | 'kind' | 'title' | 'created_at' | 'expires_at'
> {
  /** Set while the agent waits in its process: it may do and ask other things meanwhile. */
  live?: true;
}

export interface DecideInput {
  lease: Lease;
  /** How the interaction ended: with an answer, or because nobody answered in time. */
  end: InteractionEnd;
}

export interface Received {
  turns: SettledTurn[];
  /** What people are asked, oldest first; left out where nothing is asked. */
  asked?: Asked[];
  /** The newest event number that is in the mirror. */
  cursor: number;
  background_tasks: number;
}

export interface Released {
  /** False when the agent works: nothing was let go, and there is more to listen to. */
  let_go: boolean;
  /** What came after the lease's cursor and nobody had asked for; null when the gateway is away. */
  received: Received | null;
}

export interface ReleaseInput {
  lease: Lease;
  mode: 'idle' | 'close';
  reason: string;
  /** Written to the mirror once the agent is let go, not when it works on; null to write nothing. */
  snapshot: SessionSnapshot | null;
}

/**
 * What a session's workflow does to the world. Each is safe to run twice.
 * Failures carry these types: `AGENT_UNREACHABLE`, `LEASE_LOST`, `MESSAGE_BODY_LOST`,
 * `NOT_SENT`, `PROJECT_PATH`, `UNAVAILABLE`.
 */
export interface SessionActivities {
  /** Opens the connection, waits until the agent is up, writes the snapshot. */
  connect(input: ConnectInput): Promise<Connected>;
  /** Sends one message, then receives until a turn is settled or asks a person. */
  exchange(input: MessageInput): Promise<Received>;
  /** Hands one message to the gateway; resolves when its journal has it. */
  send(input: MessageInput): Promise<void>;
  /**
   * Writes a decision to the mirror and passes it to the gateway; resolves when its journal has it. False where the gateway asked
   * nobody: then there is nothing to decide.
   */
  decide(input: DecideInput): Promise<boolean>;
  /** Waits until a turn is settled or asks a person, or the last background task ended. */
  receive(input: ReceiveInput): Promise<Received>;
  /** Lets the agent process go, and brings what it said last; a gateway that stays away is no error, it lets go by itself. */
  release(input: ReleaseInput): Promise<Released>;
  /** Writes the mirror. */
  mirror(writes: MirrorWrite[]): Promise<void>;
}
