import type { AgentEvent } from '../../domain/session/event.ts';
import type { ProjectSettings } from '../../domain/project-settings.ts';
import type { AgentName, Failure } from '../../domain/session/session.ts';
import type { AgentMessage, ModelUsage, TurnOutcome } from '../../domain/session/turn.ts';
import type { GatePort } from './claude/gate/gate-port.ts';
import type { AgentOptions } from '../../protocol/agent-protocol.ts';

/** The agent's own running totals by model, as far as they are booked: the base that deltas are taken from. */
export type UsageCounters = Record<string, Omit<ModelUsage, 'model'>>;

/** The agent's side of a session: which conversation to go on with, and where its counters stood. */
export interface Conversation {
  id: string;
  /** Whether the agent has recorded anything of it, so that it is resumed and not begun. */
  established: boolean;
  counters: UsageCounters;
  /** How much of the agent's record (in lines) was there when its process began: what was spent in it is booked. */
  booked_lines?: number;
}

/** How a turn ended, before it is written as a `TurnResult`. */
export interface TurnEnd {
  /** The message that was answered; null for a turn that the agent began by itself. */
  message_id: string | null;
  outcome: TurnOutcome;
  content: string;
  failure: Failure | null;
  cost_nano: number | null;
  usage: ModelUsage[];
}

export type ProgressEvent = Exclude<AgentEvent, { type: 'accepted' | 'result' }>;

/** What an agent reports while it lives. After `exited` nothing follows. */
export type AgentReport =
  | { type: 'delta'; message_id: string | null; text: string }
  | { type: 'progress'; event: ProgressEvent }
  | { type: 'conversation'; conversation: Conversation }
  | {
      type: 'ended';
      end: TurnEnd;
      conversation: Conversation;
      /** What is estimated in the cost or missing from it; null when it is exact. */
      remark: string | null;
      /** When the turn began, as far as the agent showed it. */
      began_at: string | null;
    }
  /** The turn waits for a person about a tool call. It costs this so far, and the agent is of no more use. */
  | { type: 'waiting'; end: TurnEnd; conversation: Conversation; remark: string | null }
  /** The agent took the message and will not answer it: it knew it already. */
  | { type: 'consumed'; message_id: string }
  | { type: 'exited'; reason: string };

export interface AgentRequest {
  session_id: string;
  /** Marks the processes of this agent, so that a sweep finds them and no others. */
  agent_id: string;
  project_path: string;
  conversation: Conversation;
  options: AgentOptions;
  /** Whether the agent loads the settings of its folder: only those that were trusted as they are. */
  loads_project: boolean;
  /** The session's earlier messages, oldest first. */
  earlierMessages: () => string[];
  /** Asks people about tool calls; without it, what needs a person is denied. */
  gate?: GatePort;
  /** The message whose turn the agent continues by itself as it starts, because its tool call was decided. */
  resumes?: AgentMessage;
  /** Called as soon as there is a process, before it is ready. */
  spawned: (pid: number) => void;
  report: (report: AgentReport) => void;
  signal: AbortSignal;
}

/** A running agent. */
export interface Agent {
  /** Does before the first message what it would do with it, without a trace in the conversation. */
  warmUp(): Promise<void>;
  readonly pid: number | null;
  /** Whether a turn runs, also one that nobody asked for. */
  readonly busy: boolean;
  send(message: AgentMessage): void;
  /** Hands over a message whose turn was cut off in its middle: the agent goes on where it was. */
  goOn(message: AgentMessage, cut: CutAttempt): void;
  /** Resolves when the agent has taken the wish; the turn's end follows as a report. */
  interrupt(): Promise<void>;
  /** Ends the agent and everything it started; `graceMs` is what it gets to end by itself. Safe to repeat. */
  stop(graceMs: number): Promise<void>;
}

/** What an agent is told of the turn that it goes on with. */
export interface CutAttempt {
  /** Counts how often the message was handed over, from 1. */
  attempt: number;
  /** Whether the agent's own record has the message. */
  recorded: boolean;
  /** What the gateway saw of the turn. */
  seen: AgentEvent[];
}

/** What a cut turn is known to have cost. */
export interface CutCost {
  /** Null when nothing of it is known. */
  cost_nano: number | null;
  usage: ModelUsage[];
  /** What is estimated in it or missing from it, in words; null when it is exact. */
  remark: string | null;
}

/** What the agent's own record proves about a turn that was cut off. */
export type TurnRecord = CutCost & {
  /** Whether the message is in it. */
  recorded: boolean;
  /** Where the conversation stands when this cost is booked; null where the agent keeps no totals. */
  booked: Pick<Conversation, 'counters' | 'booked_lines'> | null;
} & ({ found: 'nothing' } | ({ found: 'partial' | 'finished' } & Pick<TurnEnd, 'content' | 'failure'>));

/** What is needed to start agents before a session wants them. */
export interface StartAhead {
  /** Changes with what an agent of this folder reads when it starts. */
  fingerprint(projectPath: string): Promise<string>;
  /** Whether the agent has no record of the conversation, so that any other new one will do. */
  isNew(conversation: Conversation): Promise<boolean>;
}

/** One kind of agent. */
export interface AgentDriver {
  /** Null where there is no gain in it. */
  readonly ahead: StartAhead | null;
  readonly name: AgentName;
  readonly simulated: boolean;
  /** Whether each agent is a process of its own, which counts against the cap. */
  readonly usesProcesses: boolean;
  /** Reads what a folder would make the agent run or obey; null for agents that run nothing of a folder. */
  readonly settingsOf: ((projectPath: string) => Promise<ProjectSettings>) | null;
  /** Resolves when the agent is ready for a message; rejects with `AGENT_UNREACHABLE` and the agent's own words. */
  start(request: AgentRequest): Promise<Agent>;
  /** Whether the agent can continue a conversation that was established before. */
  hasConversation(conversation: Conversation): Promise<boolean>;
  /**
   * Reads the agent's record of a turn that was handed over so many times; only while no agent of that conversation
   * runs.
   */
  inspect(conversation: Conversation, turn: { message_id: string; attempts: number }): Promise<TurnRecord>;
}
