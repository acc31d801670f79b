import type { SDKUserMessage } from '@anthropic-ai/claude-agent-sdk';
import type { AgentMessage } from '../../../domain/turn.ts';

/** What Claude reads for a message: its content, and the context as JSON behind it. */
export function promptText(message: AgentMessage): string {
  if (message.context === undefined || Object.keys(message.context).length === 0) return message.content;
  return `${message.content}\n\n<context>\n${JSON.stringify(message.context, null, 2)}\n</context>`;
}

/** An endless stream of user messages that is fed from outside. */
export interface PromptStream extends AsyncIterable<SDKUserMessage> {
  push(message: AgentMessage): void;
  end(): void;
}

export function makePromptStream(): PromptStream {
  const waiting: SDKUserMessage[] = [];
  let ended = false;
  let wake: () => void = () => undefined;

  return {
    push(message) {
      waiting.push({
        type: 'user',
        message: { role: 'user', content: promptText(message) },
        parent_tool_use_id: null,
        uuid: message.message_id as NonNullable<SDKUserMessage['uuid']>,
      });
      wake();
    },
    end() {
      ended = true;
      wake();
    },
    async *[Symbol.asyncIterator]() {
      for (;;) {
        while (waiting.length > 0) yield waiting.shift()!;
        if (ended) return;
        await new Promise<void>((resolve) => (wake = resolve));
      }
    },
  };
}
