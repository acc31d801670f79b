import { answerInWords } from '../../../../domain/control/interaction.ts';
import type { CallDecision } from './gate-port.ts';

/** What Claude is told about a live call that its process did not survive: it did not run, and this was decided. */
export function decisionPrompt({ tool, input, answer }: CallDecision): string {
  const call = `Your call of ${tool} with the input ${JSON.stringify(input)} did not run: it waited for a decision.`;
  if ('response' in answer || 'answers' in answer) return `${call} The answer is: ${JSON.stringify(answer)}. Continue.`;
  switch (answer.decision) {
    case 'allow':
    case 'allow_session':
      return `${call} It is approved now. Make exactly this call again, with the same input, and continue.`;
    case 'expired':
      return `${call} Nobody answered in time. Continue without it.`;
    default:
      return `${call} The decision: ${answerInWords(answer)}. Continue accordingly.`;
  }
}
