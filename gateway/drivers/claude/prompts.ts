import type { SDKUserMessage } from '@anthropic-ai/claude-agent-sdk';
import { derivedUuid } from '../../../domain/derived-uuid.ts';
import type { AgentEvent } from '../../../domain/session/event.ts';
import type { AgentMessage } from '../../../domain/session/turn.ts';
import type { CutAttempt } from '../driver.ts';

/** The text that Claude reads for a message: its content, then the context as JSON. */
export function promptText(message: AgentMessage): string {
  if (message.context === undefined || Object.keys(message.context).length === 0) return message.content;
  return `${message.content}\n\n<context>\n${JSON.stringify(message.context, null, 2)}\n</context>`;
}

/** An endless stream of user messages. */
export class PromptStream implements AsyncIterable<SDKUserMessage> {
  readonly #waiting: SDKUserMessage[] = [];
  #ended = false;
  #wake: () => void = () => undefined;

  push(message: AgentMessage): void {
    this.#waiting.push({
      type: 'user',
      message: { role: 'user', content: promptText(message) },
      parent_tool_use_id: null,
      uuid: message.message_id as NonNullable<SDKUserMessage['uuid']>,
    });
    this.#wake();
  }

  end(): void {
    this.#ended = true;
    this.#wake();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<SDKUserMessage> {
    for (;;) {
      while (this.#waiting.length > 0) yield this.#waiting.shift()!;
      if (this.#ended) return;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}

/** How much of what was seen is repeated, in characters. */
const SEEN_LIMIT = 20_000;

/**
 * The prompt with which Claude continues a turn that was cut off. It repeats what Claude's own record may lack: the record
 * is written about 100 ms late, so a kill takes the last of it away.
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

/** All ids under which a message may have been sent to Claude so far. */
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
