import type { Mirror } from '../domain/mirror/mirror-write.ts';
import type { SessionActivities } from '../workflows/session-activities.ts';
import type { Connections } from './line/connections.ts';
import { withFailures } from './failure.ts';
import { handOver } from './line/hand-over.ts';
import { receiveFrom } from './line/receive-from.ts';

/**
 * Hands one message over and receives until a turn is settled. A retry hands it over again, which starts nothing where the
 * agent's gateway knows its id, and goes on from the last event that was seen.
 */
export const makeExchange = (deps: { connections: Connections; mirror: Mirror }): SessionActivities['exchange'] =>
  async function exchange({ lease, ...message }) {
    return await withFailures(() =>
      receiveFrom(lease, message.message_id, async (resumed) => {
        const line = await deps.connections.attach(resumed, { start: false });
        await handOver(deps.mirror, line, message);
        return line;
      }),
    );
  };
