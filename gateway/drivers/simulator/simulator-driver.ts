import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AgentMessage } from '../../../domain/session/turn.ts';
import { INTERRUPTED } from '../../turns/stop-reasons.ts';
import type { Agent, AgentDriver, AgentReport, AgentRequest, TurnEnd } from '../driver.ts';
import type { AskedCall, CallAnswer } from '../claude/gate/gate-port.ts';
import { priceAnswer, writeAnswer } from './answer.ts';
import { callOf, decidedInWords, isAsk } from './ask.ts';
import { parseScript } from './script.ts';
import type { Step } from './script.ts';

/** Ends the work on a message that waits for a person. */
const WAITS = new Error('waits for a person');

/** An agent for people without a key and for tests: it answers at once, and does what the message's script says. */
export function makeSimulatorDriver(): AgentDriver {
  return {
    name: 'simulator',
    simulated: true,
    usesProcesses: false,
    settingsOf: null,
    ahead: null,
    // It keeps no record that could be lost.
    hasConversation: async () => true,
    start: async (request) => startSimulator(request),
    inspect: async () => ({
      found: 'nothing',
      recorded: false,
      booked: null,
      cost_nano: null,
      usage: [],
      remark: null,
    }),
  };
}

function startSimulator(request: AgentRequest): Agent {
  const background = new Set<AbortController>();
  let running: AbortController | null = null;
  let over = false;

  const report = (item: AgentReport): void => {
    if (!over) request.report(item);
  };
  const now = (): string => new Date().toISOString();

  function end(message: AgentMessage | null, turn: Partial<TurnEnd> & Pick<TurnEnd, 'content' | 'usage'>): void {
    if (message !== null) running = null;
    const cost = turn.usage.reduce((sum, usage) => sum + usage.cost_nano, 0);
    report({
      type: 'ended',
      conversation: { ...request.conversation, established: true },
      remark: null,
      began_at: null,
      end: { message_id: message?.message_id ?? null, outcome: 'done', failure: null, cost_nano: cost, ...turn },
    });
  }

  function say(message_id: string | null, text: string): void {
    report({ type: 'progress', event: { type: 'text', timestamp: now(), message_id, text } });
  }

  async function perform(step: Step, message: AgentMessage, answer: string, signal: AbortSignal): Promise<void> {
    const about = { timestamp: now(), message_id: message.message_id };
    switch (step.type) {
      case 'think':
        return sleep(step.ms, undefined, { signal });
      case 'hang':
        return sleep(2 ** 31 - 1, undefined, { signal });
      case 'tool': {
        const call = { ...about, tool_use_id: randomUUID(), summary: step.summary };
        report({ type: 'progress', event: { type: 'tool_started', ...call, tool: step.tool } });
        report({ type: 'progress', event: { type: 'tool_finished', ...call, is_error: false } });
        return;
      }
      case 'deny':
        report({
          type: 'progress',
          event: { type: 'permission', ...about, tool: step.tool, decision: 'denied', summary: step.summary },
        });
        return;
      case 'background':
        startBackground(step.ms);
        return;
      case 'stream':
        for (const word of answer.split(/(?<=\s)/)) {
          report({ type: 'delta', message_id: message.message_id, text: word });
          await sleep(step.ms, undefined, { signal });
        }
        return;
      case 'crash':
        say(message.message_id, 'Simulated answer, cut off');
        exit('the simulator was told to crash');
        throw new DOMException('crashed', 'AbortError');
      case 'ask':
      case 'question':
      case 'plan':
      case 'chars':
      case 'cost':
      case 'fail':
      case 'recall':
        return;
    }
  }

  /** Asks a person; returns what was decided, or null when the turn waits from here on. */
  async function decisionOf(call: AskedCall, message: AgentMessage): Promise<CallAnswer | null> {
    const { gate } = request;
    if (gate === undefined) return { decision: 'deny', reason: 'nobody can be asked' };
    const decision = gate.decisionOf(call.tool_use_id);
    if (decision !== null) {
      if (!decision.used) await gate.use(call.tool_use_id);
      return decision.answer;
    }
    await gate.open(call);
    const end = { message_id: message.message_id, outcome: 'done' as const, content: '', failure: null };
    const conversation = { ...request.conversation, established: true };
    running = null;
    report({ type: 'waiting', end: { ...end, cost_nano: 0, usage: [] }, conversation, remark: null });
    return null;
  }

  /** Carries out what was decided about a call; false when the turn is to stop. */
  function carryOut(call: AskedCall, answer: CallAnswer, message: AgentMessage): boolean {
    const { tool, tool_use_id, input } = call;
    const about = { timestamp: now(), message_id: message.message_id };
    say(message.message_id, decidedInWords(tool, answer));
    const summary = call.kind === 'permission' ? call.detail.summary : tool;
    if ('decision' in answer && ['deny', 'deny_and_stop', 'reject', 'expired'].includes(answer.decision)) {
      report({ type: 'progress', event: { type: 'permission', ...about, tool, decision: 'denied', summary } });
      return answer.decision !== 'deny_and_stop';
    }
    const ran = 'updated_input' in answer && answer.updated_input !== undefined ? answer.updated_input : input;
    report({ type: 'progress', event: { type: 'tool_started', ...about, tool_use_id, tool, summary } });
    report({ type: 'progress', event: { type: 'tool_finished', ...about, tool_use_id, is_error: false, summary } });
    request.gate?.ran({ tool_use_id, tool, input: ran, error: null, duration_ms: 0 });
    return true;
  }

  /** Does the steps after those that an earlier process of the turn did. */
  async function performAll(steps: Step[], message: AgentMessage, answer: string, signal: AbortSignal): Promise<void> {
    const isDone = (step: Step, index: number): boolean =>
      isAsk(step) && request.gate?.decisionOf(callOf(step, message.message_id, index).tool_use_id)?.used === true;
    const isResumed = request.resumes?.message_id === message.message_id;
    const resumed = isResumed ? steps.findIndex((step, index) => isAsk(step) && !isDone(step, index)) : -1;
    for (const [index, step] of steps.entries()) {
      if (index < resumed || isDone(step, index)) continue;
      if (!isAsk(step)) {
        await perform(step, message, answer, signal);
        continue;
      }
      const call = callOf(step, message.message_id, index);
      const decided = await decisionOf(call, message);
      if (decided === null) throw WAITS;
      if (!carryOut(call, decided, message)) throw new DOMException('stopped', 'AbortError');
    }
  }

  async function run(message: AgentMessage, steps: Step[], answer: string, signal: AbortSignal): Promise<void> {
    const usage = [priceAnswer(message.content, answer, steps)];
    try {
      await performAll(steps, message, answer, signal);
    } catch (error) {
      if (error === WAITS) return;
      return end(message, { outcome: 'failed', content: '', failure: INTERRUPTED, usage });
    }
    finish(message, steps, answer, usage);
  }

  function finish(message: AgentMessage, steps: Step[], answer: string, usage: TurnEnd['usage']): void {
    const fail = steps.find((step) => step.type === 'fail');
    if (fail !== undefined) {
      const failure = { code: 'TURN_FAILED', message: fail.message };
      return end(message, { outcome: 'failed', content: '', failure, usage });
    }
    say(message.message_id, answer);
    end(message, { content: answer, usage });
  }

  function startBackground(ms: number): void {
    const task = new AbortController();
    background.add(task);
    report({ type: 'progress', event: { type: 'background', timestamp: now(), tasks: background.size } });
    sleep(ms, undefined, { signal: task.signal }).then(
      () => {
        background.delete(task);
        report({ type: 'progress', event: { type: 'background', timestamp: now(), tasks: background.size } });
        const answer = `Simulated: the background task of ${ms} ms ended`;
        say(null, answer);
        end(null, { content: answer, usage: [priceAnswer('', answer, [])] });
      },
      () => undefined,
    );
  }

  function exit(reason: string): void {
    if (over) return;
    for (const task of background) task.abort();
    report({ type: 'exited', reason });
    over = true;
    running?.abort();
  }

  function send(message: AgentMessage): void {
    const steps = parseScript(message.content);
    const answer = writeAnswer(message.content, steps, () => request.earlierMessages());
    running = new AbortController();
    if (steps.length === 0) return finish(message, steps, answer, [priceAnswer(message.content, answer, steps)]);
    void run(message, steps, answer, running.signal);
  }

  // Its tool call was decided: it continues by itself.
  if (request.resumes !== undefined) send(request.resumes);

  return {
    warmUp: async () => undefined,
    pid: null,
    get busy() {
      return running !== null;
    },
    send,
    // It remembers nothing between its processes, so it begins anew.
    goOn: send,
    interrupt: async () => running?.abort(),
    stop: async () => exit('stopped'),
  };
}
