import type { Mirror } from '../domain/mirror-write.ts';
import type { SessionActivities } from '../workflows/session-activities.ts';
import type { Connections } from './connections.ts';
import { withFailures } from './failure.ts';

/** Hands one message to the agent's gateway, which journals it under its id: a repeat starts nothing. */
export const makeSend = (deps: { connections: Connections; mirror: Mirror }): SessionActivities['send'] =>
  async function send({ attachment, message_id, content, context }) {
    await withFailures(async () => {
      const message = content === null ? await deps.mirror.readBody(message_id) : { message_id, content, context };
      const line = await deps.connections.attach(attachment, { start: true });
      await line.send(message);
    });
  };
