import type { Interaction } from '../control/interaction.ts';
import type { SessionStatus } from './session.ts';
import type { AgentMessage, TurnOutcome, TurnResult } from './turn.ts';

/** What a gateway reports about a session, in the order in which it happened; each has the journal's number. */
export type AgentEvent =
  | ({ type: 'accepted'; timestamp: string } & AgentMessage)
  | { type: 'text'; timestamp: string; message_id: string | null; text: string }
  | {
      type: 'tool_started';
      timestamp: string;
      message_id: string | null;
      tool_use_id: string;
      tool: string;
      summary: string;
    }
  | {
      type: 'tool_finished';
      timestamp: string;
      message_id: string | null;
      tool_use_id: string;
      is_error: boolean;
      summary: string;
    }
  | {
      type: 'permission';
      timestamp: string;
      message_id: string | null;
      tool: string;
      decision: 'allowed' | 'denied';
      summary: string;
    }
  /** A person is asked, or what was asked has changed. */
  | {
      type: 'interaction';
      timestamp: string;
      message_id: string | null;
      interaction: Interaction;
      /** Set while the agent waits in its process, for a limited time. */
      live?: true;
    }
  /** A tool ended, as Claude Code's own hook reports it: what really ran. */
  | {
      type: 'tool_ran';
      timestamp: string;
      message_id: string | null;
      tool_use_id: string;
      tool: string;
      input: unknown;
      /** Null when it ended well. */
      error: string | null;
      /** Milliseconds without the time of permissions and hooks; null where it is not known. */
      duration_ms: number | null;
    }
  | { type: 'background'; timestamp: string; tasks: number }
  | { type: 'notice'; timestamp: string; level: 'info' | 'warning'; text: string }
  | { type: 'result'; timestamp: string; turn: TurnResult };

/** Text as it is being written: live only, never stored; the finished block follows as a `text` event. */
export interface TextDelta {
  type: 'text_delta';
  message_id: string | null;
  text: string;
}

/** What a session's numbered stream holds, without its number. */
export type SessionEventBody =
  | { type: 'status'; timestamp: string; status: SessionStatus; reason?: string }
  | { type: 'queued'; timestamp: string; message_id: string; content: string }
  | { type: 'sent'; timestamp: string; message_id: string }
  | Exclude<AgentEvent, { type: 'accepted' | 'result' }>
  | {
      type: 'result';
      timestamp: string;
      turn_id: string;
      message_id: string | null;
      outcome: TurnOutcome;
      content: string;
      /** US dollars of this turn; null where tracking is off or it is not known. */
      cost_usd: number | null;
      simulated: boolean;
      error?: { code: string; message: string };
    }
  | { type: 'cost'; timestamp: string; cost_usd: number | null; message_count: number }
  | { type: 'closed'; timestamp: string; status: SessionStatus; reason: string };

/** One entry of a session's stream. `seq` counts up without a hole from 1. */
export type SessionEvent = { session_id: string; seq: number } & SessionEventBody;
