import type { Mirror } from '../domain/mirror-write.ts';
import type { SessionActivities } from '../workflows/session-activities.ts';
import { ConnectionError } from './connection-errors.ts';
import type { Connections } from './connections.ts';
import { withFailures } from './failure.ts';

/** Lets a session's agent go. A gateway that is away, or a lease that somebody else holds, leaves nothing to let go. */
export const makeRelease = (deps: { connections: Connections; mirror: Mirror }): SessionActivities['release'] =>
  async function release({ attachment, mode, reason, snapshot }) {
    await withFailures(async () => {
      try {
        const line = await deps.connections.attach(attachment, { start: false });
        await line.release(mode, reason);
      } catch (error) {
        if (!(error instanceof ConnectionError)) throw error;
      }
      if (mode === 'idle') deps.connections.drop(attachment.session_id);
      if (snapshot !== null) await deps.mirror.write([{ type: 'session', snapshot }]);
    });
  };
