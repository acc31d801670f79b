import type { AgentEvent } from '../domain/event.ts';
import type { AgentMessage } from '../domain/turn.ts';
import type { Attachment, Connected } from '../workflows/session-activities.ts';

/** An event with its number in the session's journal. */
export interface NumberedEvent {
  seq: number;
  event: AgentEvent;
}

/** One session's line to its agent, whoever speaks at the other end. Failures: see `connection-errors.ts`. */
export interface AgentConnection {
  readonly epoch: number;
  readonly peer: Connected;
  readonly isClosed: boolean;
  /** Whether every event after `cursor` is here or still to come. */
  covers(cursor: number): boolean;
  /** Resolves when the other end has the message for good (a plain peer: when it was written). */
  send(message: AgentMessage): Promise<void>;
  /** Whether a result of this message can come on this line; a plain peer knows only what was sent on it. */
  canAnswer(messageId: string): boolean;
  /** Waits for events after `cursor`, at least one; a burst comes as one batch. Rejects when the line breaks. */
  take(cursor: number, signal: AbortSignal): Promise<NumberedEvent[]>;
  release(mode: 'idle' | 'close', reason: string): Promise<void>;
  /** Closes the line; the agent lives on until it is released. */
  close(): void;
}

/** What a connection is opened with. */
export interface OpenOptions {
  url: string;
  token: string;
  attachment: Attachment;
  /** Whether the agent process is to be up before the connection counts as open. */
  start: boolean;
  /** Text as it is written. */
  onDelta(delta: { message_id: string | null; text: string }): void;
}
