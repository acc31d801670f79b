import type { Ask, PermissionAnswer, PlanAnswer, QuestionAnswer } from '../../../../domain/control/interaction.ts';

/** A tool call that waits for a person. The id of the call is the key of everything about it. */
export type AskedCall = Ask & {
  tool_use_id: string;
  tool: string;
  input: Record<string, unknown>;
  /** Set when a subagent calls. */
  agent_id: string | null;
  /** `durable`: the agent process ends. `live`: it stays for a limited time. */
  wait: 'durable' | 'live';
};

/** What was decided about a call. */
export type CallAnswer = PermissionAnswer | QuestionAnswer | PlanAnswer | { decision: 'expired' };

/** A decision as the gateway keeps it. */
export interface CallDecision {
  tool_use_id: string;
  tool: string;
  /** The input that was asked about. */
  input: Record<string, unknown>;
  answer: CallAnswer;
  /** Whether the agent was told before: then the tool may have run. */
  used: boolean;
}

/** What a tool did: the trail of what really ran. */
export interface ToolRun {
  tool_use_id: string;
  tool: string;
  input: unknown;
  /** Null when it ended well. */
  error: string | null;
  /** Milliseconds without the time of permissions and hooks; null where Claude Code does not say. */
  duration_ms: number | null;
}

/** The gateway's side of the gate: what has to outlive the agent. */
export interface GatePort {
  /** Resolves when the interaction is on disk; a call that is known changes nothing. */
  open(call: AskedCall): Promise<void>;
  /** The decision about a call; null while it is open. */
  decisionOf(toolUseId: string): CallDecision | null;
  /** The decisions about live calls whose process ended before they were answered: an identical call is the same call. */
  carriedOver(): CallDecision[];
  /** Resolves when it is on disk that the decision was used. */
  use(toolUseId: string): Promise<void>;
  /** Resolves with the decision about a live call; rejects when the signal aborts. */
  decided(toolUseId: string, signal: AbortSignal): Promise<CallDecision>;
  /** Makes a live call durable: ends the agent with SIGTERM and resolves when it is gone. */
  putOff(toolUseId: string): Promise<void>;
  ran(run: ToolRun): void;
}
