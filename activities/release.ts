import { activityInfo, cancellationSignal } from '@temporalio/activity';
import { abortScope } from '../domain/abort-scope.ts';
import { errors } from '../domain/errors.ts';
import type { Mirror } from '../domain/mirror/mirror-write.ts';
import type { Lease, Received, Released, SessionActivities, SettledTurn } from '../workflows/session-activities.ts';
import type { AgentConnection } from './line/agent-connection.ts';
import { ConnectionError } from './line/connection-errors.ts';
import type { Connections } from './line/connections.ts';
import { withFailures } from './failure.ts';
import { settledIn } from './line/settled-in.ts';
import { withHeartbeat } from './line/with-heartbeat.ts';

interface ReleaseDeps {
  connections: Connections;
  mirror: Mirror;
}

/** A gateway that was killed is back long before the last of these; it takes about 10 s to come to it. */
const ATTEMPTS = 8;
const DRAIN_MS = 3_000;

/**
 * Lets a session's agent go, and brings what it said since somebody last listened. A gateway that stays away, or a lease
 * that somebody else holds, leaves nothing to let go.
 */
export const makeRelease = (deps: ReleaseDeps): SessionActivities['release'] =>
  async function release({ lease, mode, reason, snapshot }) {
    async function letGo(): Promise<Released> {
      try {
        const line = await deps.connections.attach(lease, { start: false });
        const lastSeq = await line.release(mode, reason);
        const received = await drain(line, lease, lastSeq ?? line.openedAt);
        return { let_go: lastSeq !== null, received };
      } catch (error) {
        if (!(error instanceof ConnectionError)) throw error;
        const comesBack = error.type === 'UNAVAILABLE' || error.type === 'AGENT_UNREACHABLE';
        if (comesBack && error.retryable && activityInfo().attempt < ATTEMPTS) throw error;
        return { let_go: true, received: null };
      }
    }

    return await withFailures(async () => {
      const released = await withHeartbeat(letGo);
      if (!released.let_go) return released;
      deps.connections.drop(lease.session_id, lease.epoch);
      if (snapshot !== null) await deps.mirror.write([{ type: 'session', snapshot }]);
      return released;
    });
  };

/** Takes the events after the lease's cursor, up to a number that the gateway has journalled already. */
async function drain(line: AgentConnection, lease: Lease, upTo: number): Promise<Received> {
  const scope = abortScope([cancellationSignal()], DRAIN_MS);
  const turns: SettledTurn[] = [];
  let { cursor } = lease;
  try {
    while (cursor < upTo) {
      const batch = await line.take(cursor, scope.signal);
      turns.push(...batch.flatMap(settledIn));
      cursor = batch.at(-1)?.seq ?? cursor;
    }
  } catch (error) {
    // The gateway has them and the line lives: it is the mirror that is slow, and that is no reason to give up.
    if (scope.timedOut()) throw errors.unavailable('The mirror', error);
    throw error;
  } finally {
    scope.dispose();
  }
  return { turns, cursor, background_tasks: line.backgroundTasks };
}
