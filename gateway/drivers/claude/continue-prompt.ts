import type { AgentEvent } from '../../../domain/event.ts';
import type { AgentMessage } from '../../../domain/turn.ts';
import { derivedUuid } from '../../sessions/derived-uuid.ts';
import type { CutAttempt } from '../driver.ts';
import { promptText } from './prompt-stream.ts';

/** How much of what was seen is told again, in characters. */
const SEEN_LIMIT = 20_000;

/**
 * What Claude is asked when it goes on with a turn that was cut off. What its own record does not have is told again:
 * the record is written some 100 ms behind what Claude does, so that a kill takes the last of it away.
 */
export function continuePrompt(message: AgentMessage, cut: CutAttempt): AgentMessage {
  const seen = describeSeen(cut.seen);
  const parts = cut.recorded
    ? ['Continue from where you left off. Your process ended while you worked on my last message.']
    : [
        'Continue from where you left off. Your process ended, and your record of the message that you worked on is lost.',
      ];
  if (seen !== '') parts.push(`This was seen of your work on it:\n${seen}`);
  parts.push('A tool call without a result may have had its effect: look before you repeat one.');
  if (!cut.recorded) parts.push(`The message:\n\n${promptText(message)}`);
  return { message_id: promptId(message.message_id, cut.attempt), content: parts.join('\n\n') };
}

/** All ids under which a message may have been handed to Claude so far. */
export function promptIds(messageId: string, attempts: number): string[] {
  return [messageId, ...Array.from({ length: attempts }, (_, index) => promptId(messageId, index + 1))];
}

/** The same for the same attempt, so that it is found again after a crash. */
function promptId(messageId: string, attempt: number): string {
  return derivedUuid(`xswarm:${messageId}:${attempt}`);
}

function describeSeen(events: AgentEvent[]): string {
  const ended = new Map(
    events.flatMap((event) => (event.type === 'tool_finished' ? [[event.tool_use_id, event]] : [])),
  );
  const lines = events.flatMap((event) => {
    if (event.type === 'text') return [`- you wrote: ${event.text}`];
    if (event.type !== 'tool_started') return [];
    const end = ended.get(event.tool_use_id);
    const result = end === undefined ? 'no result was seen' : `${end.is_error ? 'failed' : 'done'}: ${end.summary}`;
    return [`- ${event.tool} (${event.summary}): ${result}`];
  });
  const text = lines.join('\n');
  return text.length > SEEN_LIMIT ? `[…]${text.slice(-SEEN_LIMIT)}` : text;
}
