import type { Answer } from '../../domain/control/interaction.ts';
import type { AgentEvent } from '../../domain/session/event.ts';
import type { Mirror } from '../../domain/mirror/mirror-write.ts';
import type { AgentMessage } from '../../domain/session/turn.ts';
import type { Lease, Connected } from '../../workflows/session-activities.ts';
import type { LineWatch } from './line-watch.ts';

/** What a line needs of a logger; the one of an activity's context is one. */
export interface LineLogger {
  error(message: string, fields: Record<string, unknown>): void;
}

/** An event with its number in the session's journal. */
export interface NumberedEvent {
  seq: number;
  event: AgentEvent;
  /** What it took on the line. */
  bytes: number;
}

/** What a person decided, or that nobody did in time. */
export type DecisionAnswer = Answer | { decision: 'expired' };

/** One session's line to its agent, whoever speaks at the other end. Failures: see `connection-errors.ts`. */
export interface AgentConnection {
  readonly epoch: number;
  readonly peer: Connected;
  readonly isClosed: boolean;
  /** The agent's background tasks, as of the events that were taken. */
  readonly backgroundTasks: number;
  /** The newest event number that the other end had when the line was opened. */
  readonly openedAt: number;
  /** Whether every event after `cursor` is here or still to come. */
  covers(cursor: number): boolean;
  /** Resolves when the other end has the message for good (a plain peer: when it was written). */
  send(message: AgentMessage): Promise<void>;
  /** Resolves when the other end has the decision for good; false where it asked nobody. */
  decide(interactionId: string, answer: DecisionAnswer): Promise<boolean>;
  /** Whether a result of this message can come on this line; a plain peer knows only what was sent on it. */
  canAnswer(messageId: string): boolean;
  /**
   * Waits for events after `cursor`, at least one; a burst comes as one batch. They are in the mirror already.
   * Rejects when the line breaks, and with `UNAVAILABLE` while the mirror cannot be written.
   */
  take(cursor: number, signal: AbortSignal): Promise<NumberedEvent[]>;
  /** Resolves with the other end's newest event number once the agent is let go; with null when it works on. */
  release(mode: 'idle' | 'close', reason: string): Promise<number | null>;
  /** Closes the line; the agent lives on until it is released. */
  close(): void;
}

/** What a connection is opened with. */
export interface OpenOptions {
  url: string;
  token: string;
  lease: Lease;
  /** Whether the agent process is to be up before the connection counts as open. */
  start: boolean;
  /** Seconds that a turn of a plain peer may take where the session's options do not say; 0: no limit. */
  turnLimitSeconds: number;
  /** Gives the opening up, and with it the start of the agent. */
  signal: AbortSignal | undefined;
  /** Gets the events, and text as it is written. */
  mirror: Mirror;
  logger: LineLogger | undefined;
  /** Cuts a line to a gateway that is gone without a word. */
  watch: LineWatch;
}
