import type { InteractionEnd } from '../control/interaction.ts';
import type { AgentEvent } from './event.ts';
import type { SessionSnapshot } from '../mirror/mirror-write.ts';
import type { NanoUsd } from '../money/money.ts';
import type { SessionStatus } from './session.ts';
import type { AgentMessage, TurnResult } from './turn.ts';

/** What a session's workflow knows of it now, or knew when it ended. */
export interface SessionRecord {
  snapshot: SessionSnapshot;
  /** Whether the workflow is over, by itself or by an operator. */
  ended: boolean;
  /** While a connection is being opened the snapshot of this version is for that to write, and maybe not written yet. */
  opening: boolean;
  /** Newest event number of the gateway that the ledger has booked. */
  cursor: number;
  cost_nano: NanoUsd;
  message_count: number;
  /** Ids of the messages that wait or run, oldest first. */
  waiting: string[];
  /** The turns that the session itself settled because they were not carried out, the latest ones. */
  unsent: TurnResult[];
  /** What people decided, the latest ones, oldest first; left out by a session that never asked. */
  decided?: InteractionEnd[];
}

/** A message as it was signalled; `content` is null where the body was too large for that. */
export interface TakenMessage {
  timestamp: string;
  message_id: string;
  content: string | null;
  context?: AgentMessage['context'];
}

/** What Temporal's histories of a session hold. */
export interface SessionPast {
  /** Each id once, in the order of their signals. */
  messages: TakenMessage[];
  statuses: { timestamp: string; status: SessionStatus }[];
  /** False where the retention has taken the beginning. */
  complete: boolean;
}

/** Sessions as Temporal remembers them; the Temporal client implements it. Errors: as `SessionWorkflows`. */
export interface SessionRecords {
  /** All the sessions that Temporal still has, running and ended, oldest first. May lag by a second. */
  list(): Promise<{ session_id: string; started_at: string; running: boolean }[]>;
  /** Null where Temporal has no workflow of that id. */
  record(sessionId: string): Promise<SessionRecord | null>;
  past(sessionId: string): Promise<SessionPast>;
}

/** A session as the gateway's journal knows it. */
export interface JournalSession {
  session_id: string;
  project_path: string;
  created_at: string;
  last_seq: number;
}

/** An event of the journal with its number. */
export interface JournalEvent {
  seq: number;
  event: AgentEvent;
}

/** The gateway's journal, for reading. Every call throws `UNAVAILABLE` while the gateway is away. */
export interface JournalReader {
  /** False for a plain peer, which keeps no journal. */
  exists(): Promise<boolean>;
  /** All sessions, a page at a time. */
  sessions(): AsyncIterable<JournalSession[]>;
  /** The events of a session after a number, a page at a time, oldest first. */
  events(sessionId: string, afterSeq: number): AsyncIterable<JournalEvent[]>;
}
