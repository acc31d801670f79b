import type { Mirror } from '../domain/mirror/mirror-write.ts';
import type { SessionActivities } from '../workflows/session-activities.ts';
import type { Connections } from './line/connections.ts';
import { withFailures } from './failure.ts';
import { inTime } from './line/in-time.ts';
import { withHeartbeat } from './line/with-heartbeat.ts';

/**
 * Opens a session's line with a new lease, and tells the mirror that the session is active. Cancelled or out of time, it gives
 * the start of the agent up.
 */
export const makeConnect = (deps: {
  connections: Pick<Connections, 'attach'>;
  mirror: Mirror;
}): SessionActivities['connect'] =>
  async function connect({ lease, snapshot }) {
    return await withFailures(() =>
      withHeartbeat(async () => {
        const { peer } = await inTime((signal) => deps.connections.attach(lease, { start: true, signal }));
        const { agent, simulated, at_least_once } = peer;
        await deps.mirror.write([{ type: 'session', snapshot: { ...snapshot, agent, simulated, at_least_once } }]);
        return peer;
      }),
    );
  };
