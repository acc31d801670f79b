import { createHash } from 'node:crypto';
import { activityInfo, cancellationSignal, heartbeat } from '@temporalio/activity';
import type { Mirror } from '../domain/mirror-write.ts';
import type { Received, SessionActivities, SettledTurn } from '../workflows/session-activities.ts';
import type { NumberedEvent } from './agent-connection.ts';
import { ConnectionError } from './connection-errors.ts';
import type { Connections } from './connections.ts';
import { withFailures } from './failure.ts';

const HEARTBEAT_MS = 2_000;
const PREVIEW_CHARACTERS = 120;

/** What a retry goes on from; nothing of it was settled. */
interface Progress {
  cursor: number;
  background_tasks: number;
}

/**
 * Mirrors what the agent does, a transaction a batch, until a turn is settled or the last background task ended.
 * Heartbeats the number of the last mirrored event, so that another worker goes on from there.
 */
export const makeReceive = (deps: { connections: Connections; mirror: Mirror }): SessionActivities['receive'] =>
  async function receive({ attachment, message_id }) {
    return await withFailures(async () => {
      const signal = cancellationSignal();
      const resumed = (activityInfo().heartbeatDetails as Progress | undefined) ?? null;
      let cursor = resumed?.cursor ?? attachment.cursor;
      const line = await deps.connections.attach({ ...attachment, cursor }, { start: false });
      if (message_id !== null && !line.canAnswer(message_id)) {
        throw new ConnectionError('NOT_SENT', 'The peer has to be sent the message again');
      }
      let background = resumed?.background_tasks ?? line.peer.background_tasks;
      const beat = setInterval(() => heartbeat({ cursor, background_tasks: background }), HEARTBEAT_MS);
      try {
        for (;;) {
          const batch = await line.take(cursor, signal);
          await deps.mirror.write(
            batch.map(({ seq, event }) => ({ type: 'agent', session_id: attachment.session_id, seq, event })),
          );
          const turns = batch.flatMap(settledIn);
          for (const { event } of batch) if (event.type === 'background') background = event.tasks;
          cursor = batch.at(-1)?.seq ?? cursor;
          const backgroundEnded = message_id === null && background === 0;
          if (turns.length > 0 || backgroundEnded) return received(turns, cursor, background);
        }
      } finally {
        clearInterval(beat);
      }
    });
  };

function received(turns: SettledTurn[], cursor: number, background: number): Received {
  return { turns, cursor, background_tasks: background };
}

function settledIn({ seq, event }: NumberedEvent): SettledTurn[] {
  if (event.type !== 'result') return [];
  const { turn_id, message_id, outcome, failure, cost_nano, finished_at, content } = event.turn;
  return [
    {
      seq,
      turn_id,
      message_id,
      outcome,
      failure: failure && { code: failure.code, message: failure.message.slice(0, PREVIEW_CHARACTERS) },
      cost_nano,
      finished_at,
      preview: content.slice(0, PREVIEW_CHARACTERS),
      digest: createHash('sha256').update(content).digest('hex'),
    },
  ];
}
