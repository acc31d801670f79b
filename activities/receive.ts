import type { SessionActivities } from '../workflows/session-activities.ts';
import { ConnectionError } from './line/connection-errors.ts';
import type { Connections } from './line/connections.ts';
import { withFailures } from './failure.ts';
import { receiveFrom } from './line/receive-from.ts';

/** Receives until a turn is settled or the last background task ended. */
export const makeReceive = (deps: { connections: Connections }): SessionActivities['receive'] =>
  async function receive({ lease, message_id }) {
    return await withFailures(() =>
      receiveFrom(lease, message_id, async (resumed) => {
        const line = await deps.connections.attach(resumed, { start: false });
        if (message_id === null || line.canAnswer(message_id)) return line;
        throw new ConnectionError('NOT_SENT', 'The peer has to be sent the message again');
      }),
    );
  };
