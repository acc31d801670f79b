import type {
  AskedCall,
  CallAnswer,
  CallDecision,
  GatePort,
  ToolRun,
} from '../../../gateway/drivers/claude/gate/gate-port.ts';

/** The gateway's side of the gate in memory: it survives the agents of a test as a journal would. */
export class MemoryGatePort implements GatePort {
  readonly asked: AskedCall[] = [];
  readonly runs: ToolRun[] = [];
  /** The ids of the live calls that were made durable. */
  readonly putOffs: string[] = [];
  /** Ends the agent with SIGTERM. */
  endAgent: () => Promise<void> = async () => undefined;
  /** Set to hold the next call of `use` after it is on disk. */
  afterUse: () => Promise<void> = async () => undefined;
  readonly #decisions = new Map<string, CallDecision>();
  readonly #waiting = new Map<string, (decision: CallDecision) => void>();

  async open(call: AskedCall): Promise<void> {
    if (!this.asked.some(({ tool_use_id }) => tool_use_id === call.tool_use_id)) this.asked.push(call);
  }

  /** A person's answer to the call asked last. */
  answer(answer: CallAnswer, call: AskedCall = this.asked.at(-1)!): void {
    const { tool_use_id, tool, input } = call;
    const decision = { tool_use_id, tool, input, answer, used: false };
    this.#decisions.set(tool_use_id, decision);
    this.#waiting.get(tool_use_id)?.(decision);
  }

  decisionOf(toolUseId: string): CallDecision | null {
    return this.#decisions.get(toolUseId) ?? null;
  }

  carriedOver(): CallDecision[] {
    return [...this.#decisions.values()].filter(({ tool_use_id }) => this.putOffs.includes(tool_use_id));
  }

  async use(toolUseId: string): Promise<void> {
    this.#decisions.set(toolUseId, { ...this.#decisions.get(toolUseId)!, used: true });
    await this.afterUse();
  }

  decided(toolUseId: string, signal: AbortSignal): Promise<CallDecision> {
    return new Promise((resolve, reject) => {
      this.#waiting.set(toolUseId, resolve);
      signal.addEventListener('abort', () => reject(new Error('the wait was given up')), { once: true });
    });
  }

  async putOff(toolUseId: string): Promise<void> {
    this.putOffs.push(toolUseId);
    await this.endAgent();
  }

  ran(run: ToolRun): void {
    this.runs.push(run);
  }
}
