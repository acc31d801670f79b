import { answerInWords } from '../../../domain/control/interaction.ts';
import type { Ask } from '../../../domain/control/interaction.ts';
import type { AskedCall, CallAnswer } from '../claude/gate/gate-port.ts';
import type { Step } from './script.ts';

type AskStep = Extract<Step, { type: 'ask' | 'question' | 'plan' }>;

/** Whether a step asks a person. */
export function isAsk(step: Step): step is AskStep {
  return step.type === 'ask' || step.type === 'question' || step.type === 'plan';
}

/** The tool call by which the simulator asks; the same step of the same message is always the same call. */
export function callOf(step: AskStep, messageId: string, index: number): AskedCall {
  const call = { tool_use_id: `${messageId}:${index}`, agent_id: null, wait: 'durable' as const };
  return { ...call, ...toolOf(step), ...askOf(step) };
}

function toolOf(step: AskStep): Pick<AskedCall, 'tool' | 'input'> {
  if (step.type === 'ask') return { tool: step.tool, input: { command: step.summary } };
  return step.type === 'plan'
    ? { tool: 'ExitPlanMode', input: { plan: step.text } }
    : { tool: 'AskUserQuestion', input: { questions: [step.text] } };
}

function askOf(step: AskStep): Ask {
  if (step.type === 'plan') return { kind: 'plan', detail: { plan: step.text } };
  if (step.type === 'question') {
    const options = step.options.map((label) => ({ label, description: '' }));
    const question = { question: step.text, header: 'Simulated', multi_select: false, options };
    return { kind: 'question', detail: { questions: [question] } };
  }
  const { tool, summary } = step;
  const rule = `${tool}(${summary})`;
  const suggestions = [{ rule, label: `${tool}: exactly "${summary}"` }];
  const reason = 'The message told the simulator to ask';
  const detail = { tool, input: { command: summary }, summary, reason, blocked_path: null, suggestions };
  return { kind: 'permission', detail };
}

/** What the simulator says of a decision. */
export function decidedInWords(tool: string, answer: CallAnswer): string {
  if ('decision' in answer && answer.decision === 'expired') return `Simulated: nobody answered ${tool} in time`;
  return `Simulated: ${tool} was answered: ${answerInWords(answer)}`;
}
