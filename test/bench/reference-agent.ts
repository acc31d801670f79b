import { query, type SDKUserMessage } from '@anthropic-ai/claude-agent-sdk';
import { TEST_MODEL } from '../support/gateway/messages-api.ts';

export interface ReferenceAgent {
  /** One turn: resolves with its result. */
  call(text: string): Promise<void>;
  stop(): void;
}

/** Reference (c): the Agent SDK alone, in streaming input and with the driver's options, against the stand-in of the API. */
export function startReferenceAgent(env: NodeJS.ProcessEnv, cwd: string): ReferenceAgent {
  const prompts: SDKUserMessage[] = [];
  let wake: () => void = () => undefined;
  let ended = false;

  async function* input(): AsyncGenerator<SDKUserMessage> {
    while (!ended) {
      const next = prompts.shift();
      if (next !== undefined) yield next;
      else await new Promise<void>((resolve) => (wake = resolve));
    }
  }

  const frames = query({
    prompt: input(),
    options: {
      env,
      cwd,
      model: TEST_MODEL,
      permissionMode: 'default',
      canUseTool: () => Promise.resolve({ behavior: 'deny', message: 'nothing is asked here' }),
      includePartialMessages: true,
      settingSources: ['user', 'project', 'local'],
      systemPrompt: { type: 'preset', preset: 'claude_code' },
    },
  })[Symbol.asyncIterator]();

  return {
    async call(text) {
      prompts.push({
        type: 'user',
        message: { role: 'user', content: text },
        parent_tool_use_id: null,
      });
      wake();
      for (;;) {
        const { value, done } = await frames.next();
        if (done === true) throw new Error('The agent ended');
        if (value.type === 'result') return;
      }
    },
    stop() {
      ended = true;
      wake();
    },
  };
}
