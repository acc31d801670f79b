/** The messages that an answer is expected for, by the ids of the prompts that Claude was given for them. */
export interface ExpectedPrompts {
  add(messageId: string, promptId: string): void;
  /** The message that a prompt stands for; null for a prompt that is not ours. */
  messageOf(promptId: string): string | null;
  /** A prompt that Claude closed without a result so far, while a turn runs. */
  close(promptId: string): void;
  /** A message is answered: none of its prompts is expected any more. */
  answered(messageId: string): void;
  /** Forgets a prompt that gets no answer. */
  drop(promptId: string): void;
  /** The prompts that were closed and have no answer yet. */
  closed(): string[];
}

export function makeExpectedPrompts(): ExpectedPrompts {
  const messages = new Map<string, string>();
  const closed = new Set<string>();

  function drop(promptId: string): void {
    messages.delete(promptId);
    closed.delete(promptId);
  }

  return {
    add: (messageId, promptId) => void messages.set(promptId, messageId),
    messageOf: (promptId) => messages.get(promptId) ?? null,
    close: (promptId) => void closed.add(promptId),
    answered(messageId) {
      for (const [promptId, message] of messages) if (message === messageId) drop(promptId);
    },
    drop,
    closed: () => [...closed],
  };
}
