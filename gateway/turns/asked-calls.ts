import { titleOf } from '../../domain/control/interaction.ts';
import type { Interaction } from '../../domain/control/interaction.ts';
import { derivedUuid } from '../../domain/derived-uuid.ts';
import type { AskedCall, CallAnswer, CallDecision, GatePort, ToolRun } from '../drivers/claude/gate/gate-port.ts';
import type { CallRow, Journal } from '../journal/journal.ts';
import type { SessionLog } from '../sessions/session-log.ts';

/** What the calls need of their session's turns. */
interface AskingTurns {
  readonly sessionId: string;
  readonly log: SessionLog;
  readonly journal: Journal;
  /** The message whose turn runs; null for a turn that the agent began by itself. */
  messageId(): string | null;
  /** The agent is about to be told of a decision; runs in the transaction that writes it. */
  used(toolUseId: string): void;
}

/** The tool calls of a session that people are asked about, in the gateway's journal: they outlive every agent and gateway. */
export class AskedCalls implements GatePort {
  readonly #turns: AskingTurns;
  readonly #waiting = new Map<string, (decision: CallDecision) => void>();

  #deferred: string | null = null;

  constructor(turns: AskingTurns) {
    this.#turns = turns;
  }

  /** Whether an agent waits for a person now. */
  get isWaitedFor(): boolean {
    return this.#waiting.size > 0;
  }

  /** The call that was deferred last. */
  get deferred(): string | null {
    return this.#deferred;
  }

  async open(call: AskedCall): Promise<void> {
    if (call.wait === 'durable') this.#deferred = call.tool_use_id;
    const { sessionId: session_id, journal, log } = this.#turns;
    if (journal.call(session_id, call.tool_use_id) !== null) return;
    const message_id = this.#turns.messageId();
    // Nobody would hear of it: no message is there that could wait.
    if (message_id === null) throw new Error('a turn that Claude began by itself cannot ask anybody');
    const interaction = interactionOf(call, session_id, message_id);
    const { tool_use_id, tool } = call;
    const { interaction_id, created_at } = interaction;
    const input = JSON.stringify(call.input);
    const live = call.wait === 'live' ? { live: true as const } : {};
    await log.append({ type: 'interaction', timestamp: created_at, message_id, interaction, ...live }, () =>
      journal.insertCall({ session_id, tool_use_id, interaction_id, tool, input, answer: null, used: 0 }),
    );
  }

  /** Writes a person's answer down; null when nobody was asked. The first answer stays. */
  decide(interactionId: string, answer: CallAnswer): { duplicate: boolean } | null {
    const { sessionId, journal } = this.#turns;
    const call = journal.callOf(sessionId, interactionId);
    if (call === null) return null;
    if (call.answer !== null) return { duplicate: true };
    journal.answerCall(sessionId, call.tool_use_id, JSON.stringify(answer));
    this.#waiting.get(call.tool_use_id)?.(this.decisionOf(call.tool_use_id)!);
    return { duplicate: false };
  }

  decisionOf(toolUseId: string): CallDecision | null {
    const call = this.#turns.journal.call(this.#turns.sessionId, toolUseId);
    return call === null ? null : decisionIn(call);
  }

  carriedOver(): CallDecision[] {
    return [];
  }

  async use(toolUseId: string): Promise<void> {
    const { sessionId, journal } = this.#turns;
    journal.transaction(() => {
      journal.useCall(sessionId, toolUseId);
      this.#turns.used(toolUseId);
    });
  }

  decided(toolUseId: string, signal: AbortSignal): Promise<CallDecision> {
    const known = this.decisionOf(toolUseId);
    if (known !== null) return Promise.resolve(known);
    return new Promise<CallDecision>((resolve, reject) => {
      this.#waiting.set(toolUseId, resolve);
      signal.addEventListener('abort', () => reject(new Error('nobody answered')), { once: true });
    }).finally(() => this.#waiting.delete(toolUseId));
  }

  /** The agent keeps its process and is told that nobody answered. */
  async putOff(): Promise<void> {}

  ran(run: ToolRun): void {
    const timestamp = new Date().toISOString();
    this.#turns.log
      .append({ type: 'tool_ran', timestamp, message_id: this.#turns.messageId(), ...run })
      .catch(() => undefined); // the log reports what it could not write
  }
}

function decisionIn({ tool_use_id, tool, input, answer, used }: CallRow): CallDecision | null {
  if (answer === null) return null;
  return {
    tool_use_id,
    tool,
    input: JSON.parse(input) as CallDecision['input'],
    answer: JSON.parse(answer) as CallAnswer,
    used: used === 1,
  };
}

function interactionOf(call: AskedCall, session_id: string, message_id: string): Interaction {
  const { tool_use_id, tool: _tool, input: _input, agent_id: _agent, wait: _wait, ...ask } = call;
  return {
    ...ask,
    interaction_id: derivedUuid(`${session_id}:${tool_use_id}`),
    session_id,
    message_id,
    status: 'open',
    title: titleOf(ask),
    created_at: new Date().toISOString(),
    expires_at: null,
    answer: null,
    answered_by: null,
    answered_via: null,
    answered_at: null,
    withdrawn_reason: null,
  };
}
