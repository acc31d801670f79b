import type { InteractionEnd } from '../control/interaction.ts';
import type { AgentEvent } from '../session/event.ts';
import type { AgentName, Failure, SessionOptions, SessionStatus } from '../session/session.ts';
import type { AgentMessage, TurnOutcome, TurnResult } from '../session/turn.ts';

/** A session as its workflow knows it. A mirror keeps the one with the highest `version`. */
export interface SessionSnapshot {
  session_id: string;
  /** Counts the workflow's changes of this snapshot, from 1, across its runs. */
  version: number;
  user_id: string;
  project_path: string;
  title: string | null;
  options: SessionOptions;
  status: SessionStatus;
  /** Why it ended or failed; set with `disconnecting`, `disconnected` and `error`. */
  reason: string | null;
  failure: Failure | null;
  agent: AgentName | null;
  simulated: boolean;
  /** At least once instead of exactly once: true for a plain peer. */
  at_least_once: boolean;
  started_at: string;
  ended_at: string | null;
  last_activity: string;
}

/**
 * One idempotent change of the mirror. Late or repeated writes change nothing.
 * - `session`: keep when `snapshot.version` is higher than what is there.
 * - `queued`: the message was accepted by the workflow and waits.
 * - `agent`: event `seq` of the gateway's journal; `accepted` marks a message sent, `result` settles its turn.
 * - `settled`: a turn that ended without the gateway (the session closed before the message was sent).
 * - `interaction`: how an interaction ended; an answer stays, also over a withdrawal. It is opened by the agent's event, and
 *   withdrawn by the end of its message's turn (see `withdrawalOf`).
 */
export type MirrorWrite =
  | { type: 'session'; snapshot: SessionSnapshot }
  | { type: 'queued'; session_id: string; timestamp: string; message: AgentMessage }
  | { type: 'agent'; session_id: string; seq: number; event: AgentEvent }
  | { type: 'settled'; session_id: string; turn: TurnResult }
  | { type: 'interaction'; session_id: string; end: InteractionEnd };

/** Where activities write what people read: the SQLite file of this process, or the api of another one. */
export interface Mirror {
  /**
   * Applies all of them in one transaction, in order. Rejects with `UNAVAILABLE` while the mirror cannot be written; another
   * error is about these writes, and would come again.
   */
  write(writes: MirrorWrite[]): Promise<void>;
  /** The body of a message that was too large for a signal; throws `MESSAGE_BODY_LOST` when it is not there. */
  readBody(messageId: string): Promise<AgentMessage>;
  /** The digest of a folder's settings that was trusted; null where nobody trusted it. */
  trustedDigest(projectPath: string): Promise<string | null>;
  /** Live text for whoever watches the session now; never stored. */
  live(sessionId: string, delta: { message_id: string | null; text: string }): void;
}

/** How a message ends with its session: one that waited was not sent, of one that was sent nobody knows the outcome. */
export function endWithSession(isSent: boolean, reason: string): { outcome: TurnOutcome; failure: Failure } {
  if (!isSent) return { outcome: 'failed', failure: { code: 'SESSION_NOT_ACTIVE', message: `Not sent: ${reason}` } };
  const message = `the session ended before the outcome was known (${reason})`;
  return { outcome: 'unknown', failure: { code: 'TURN_UNKNOWN', message } };
}

/** The end of a message that its session settles, not the agent. One that failed cost nothing; of others it is not known. */
export function settledBySession(
  session: Pick<SessionSnapshot, 'session_id' | 'agent' | 'simulated'>,
  messageId: string,
  { outcome, failure }: { outcome: TurnOutcome; failure: Failure },
  now: string,
): MirrorWrite {
  return {
    type: 'settled',
    session_id: session.session_id,
    turn: {
      turn_id: `${messageId}:${outcome}`,
      message_id: messageId,
      outcome,
      content: '',
      failure,
      cost_nano: outcome === 'failed' ? 0 : null,
      usage: [],
      agent: session.agent ?? 'peer',
      simulated: session.simulated,
      started_at: now,
      finished_at: now,
    },
  };
}
