import { usdToNano } from '../../../domain/money/money.ts';
import type { ModelUsage } from '../../../domain/session/turn.ts';
import type { Step } from './script.ts';

/** Nano-dollars a token: a made-up price that makes costs visible. */
const INPUT_NANO = 3_000;
const OUTPUT_NANO = 15_000;
const QUOTE_LIMIT = 2_000;

/** The simulator's words for a message: they quote it, or do what its script asks. */
export function writeAnswer(content: string, steps: Step[], earlierMessages: () => string[]): string {
  const parts = steps.flatMap((step) => {
    if (step.type === 'recall') return [recall(earlierMessages())];
    if (step.type === 'chars') return ['x'.repeat(step.count)];
    return [];
  });
  if (parts.length > 0) return parts.join('\n');
  const quote = content.length > QUOTE_LIMIT ? `${content.slice(0, QUOTE_LIMIT)}…` : content;
  return `Simulated answer to: "${quote}"`;
}

function recall(messages: string[]): string {
  if (messages.length === 0) return 'Simulated: nothing was said before.';
  return ['Simulated: earlier you said', ...messages.map((text, index) => `${index + 1}. ${text}`)].join('\n');
}

/** What a simulated turn is said to cost: by the length of both texts, or what the script asks for. Never zero by itself. */
export function priceAnswer(content: string, answer: string, steps: Step[]): ModelUsage {
  const input = Math.ceil(content.length / 4) + 1;
  const output = Math.ceil(answer.length / 4) + 1;
  const fixed = steps.find((step) => step.type === 'cost');
  return {
    model: 'simulator',
    input_tokens: input,
    output_tokens: output,
    cache_read_tokens: 0,
    cache_creation_tokens: 0,
    cost_nano: fixed === undefined ? input * INPUT_NANO + output * OUTPUT_NANO : usdToNano(fixed.usd),
  };
}
