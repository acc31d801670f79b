import type { AgentWish } from './agent-slot.ts';
import type { SessionRow } from './journal/journal.ts';
import type { OpenTurn } from './open-turn.ts';
import type { AgentOptions } from './protocol.ts';

/** The agent that a session wants for a turn, or to have one ready (`turn` null). */
export function agentWish(
  row: SessionRow,
  defaults: AgentOptions,
  turn: OpenTurn | null,
  earlierMessages: () => string[],
): AgentWish {
  const { session_id, project_path, conversation } = row;
  return {
    session_id,
    project_path,
    conversation,
    options: { ...defaults, ...row.options },
    continueMessageId: turn?.continuing === true ? turn.row.message_id : null,
    earlierMessages,
  };
}
