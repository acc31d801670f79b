import type { Mirror } from '../../domain/mirror/mirror-write.ts';
import type { MessageInput } from '../../workflows/session-activities.ts';
import type { AgentConnection } from './agent-connection.ts';

/** Hands one message to a line, with its body from the mirror where it was too large for a signal. */
export async function handOver(
  mirror: Mirror,
  line: AgentConnection,
  { message_id, content, context }: Omit<MessageInput, 'lease'>,
): Promise<void> {
  await line.send(content === null ? await mirror.readBody(message_id) : { message_id, content, context });
}
