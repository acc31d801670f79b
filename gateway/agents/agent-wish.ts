import type { AgentWish } from './agent-slot.ts';
import type { SessionRow } from '../journal/journal.ts';
import type { AgentOptions } from '../../protocol/agent-protocol.ts';

/** The agent that a session wants. */
export function agentWish(row: SessionRow, defaults: AgentOptions, earlierMessages: () => string[]): AgentWish {
  const { session_id, project_path, conversation } = row;
  return {
    session_id,
    project_path,
    conversation,
    options: { ...defaults, ...row.options },
    earlierMessages,
  };
}
