import type { Mirror } from '../domain/mirror/mirror-write.ts';
import type { SessionActivities } from '../workflows/session-activities.ts';
import type { Connections } from './line/connections.ts';
import { withFailures } from './failure.ts';
import { handOver } from './line/hand-over.ts';

/** Hands one message to the agent's gateway, which journals it under its id: a repeat starts nothing. */
export const makeSend = (deps: { connections: Connections; mirror: Mirror }): SessionActivities['send'] =>
  async function send({ lease, ...message }) {
    await withFailures(async () => {
      const line = await deps.connections.attach(lease, { start: false });
      await handOver(deps.mirror, line, message);
    });
  };
