import { activityInfo, cancellationSignal } from '@temporalio/activity';
import { abortScope } from '../../domain/abort-scope.ts';
import type { Asked, Lease, Received, SettledTurn } from '../../workflows/session-activities.ts';
import { acceptPlain, isPlain } from '../../workflows/plain-payload.ts';
import type { AgentConnection, NumberedEvent } from './agent-connection.ts';
import { settledIn } from './settled-in.ts';
import { withHeartbeat } from './with-heartbeat.ts';

/** An agent may begin a turn by itself a moment after its last background task ended. */
const LINGER_MS = 2_000;

/** What a retry goes on from: all up to here was looked at, and nothing of it was settled. */
interface Progress {
  cursor: number;
}

/**
 * Waits on a line until a turn is settled or asks a person or, where no message is awaited, the last background task ended; the line mirrors
 * what the agent does meanwhile. Heartbeats the number of the last event that was seen, so that a retry, on whatever worker,
 * takes the line up from there: `attach` gets the lease with that cursor.
 */
export async function receiveFrom(
  lease: Lease,
  messageId: string | null,
  attach: (resumed: Lease) => Promise<AgentConnection>,
): Promise<Received> {
  let cursor = progressSoFar()?.cursor ?? lease.cursor;

  async function listen(): Promise<Received> {
    const line = await attach({ ...lease, cursor });
    let ownTurn = false;
    for (;;) {
      const isOver = messageId === null && !ownTurn && line.backgroundTasks === 0 && cursor >= line.openedAt;
      const batch = await takeNext(line, cursor, isOver ? LINGER_MS : undefined);
      if (batch.length === 0) return received([], cursor, line);
      cursor = batch.at(-1)?.seq ?? cursor;
      const turns = batch.flatMap(settledIn);
      const asked = batch.flatMap(askedIn);
      if (turns.length > 0 || asked.length > 0) return received(turns, cursor, line, asked);
      ownTurn ||= batch.some(isOfOwnTurn);
    }
  }

  return await withHeartbeat(listen, (): Progress => ({ cursor }));
}

/** Waits for events; for so long at most when there need not be any. */
async function takeNext(line: AgentConnection, cursor: number, limitMs?: number): Promise<NumberedEvent[]> {
  const scope = abortScope([cancellationSignal()], limitMs);
  try {
    return await line.take(cursor, scope.signal);
  } catch (error) {
    if (scope.timedOut()) return [];
    throw error;
  } finally {
    scope.dispose();
  }
}

/** Whether the event belongs to a turn that the agent began by itself. */
function isOfOwnTurn({ event }: NumberedEvent): boolean {
  return (event.type === 'text' || event.type === 'tool_started') && event.message_id === null;
}

/** What an event asks a person, as the workflow keeps it. */
function askedIn({ event }: NumberedEvent): Asked[] {
  if (event.type !== 'interaction' || event.interaction.status !== 'open') return [];
  const { interaction_id, message_id, kind, title, created_at, expires_at } = event.interaction;
  const asked = { interaction_id, message_id, kind, title, created_at, expires_at };
  return [event.live === true ? { ...asked, live: true } : asked];
}

function received(turns: SettledTurn[], cursor: number, line: AgentConnection, asked: Asked[] = []): Received {
  const booked = { turns, cursor, background_tasks: line.backgroundTasks };
  return asked.length > 0 ? { ...booked, asked } : booked;
}

/** Returns what an earlier attempt heartbeated; null when there was none, or somebody else sent it. */
function progressSoFar(): Progress | null {
  const info = activityInfo();
  const details = acceptPlain(info.heartbeatDetails, new Date(info.scheduledTimestampMs));
  return details === undefined || isPlain(details) ? null : (details as Progress);
}
