import { XswarmError, type ErrorCode } from '../domain/errors.ts';
import type { Mirror } from '../domain/mirror-write.ts';
import type { NumberedEvent } from './agent-connection.ts';
import type { LineLogger } from './line-logger.ts';

/** What an api answers to writes that it would refuse again. */
const REFUSALS: readonly ErrorCode[] = ['INVALID_REQUEST', 'TOO_LARGE', 'INTERNAL'];
const REASON_CHARACTERS = 200;

/**
 * Writes a batch of a session's events in one transaction. Where the mirror refuses it for good they are written singly, and
 * what is refused singly is told to the log and left out: its turn is booked by who receives it, and `mirror check` finds the
 * gap. Throws what may pass; then all of them are to be written again, which changes nothing of what is there.
 */
export async function writeEvents(
  { sessionId: session_id, mirror, logger }: { sessionId: string; mirror: Mirror; logger: LineLogger | undefined },
  batch: readonly NumberedEvent[],
): Promise<void> {
  const write = (events: readonly NumberedEvent[]): Promise<void> =>
    mirror.write(events.map(({ seq, event }) => ({ type: 'agent', session_id, seq, event })));
  try {
    return await write(batch);
  } catch (error) {
    if (!isRefusal(error)) throw error;
  }
  for (const one of batch) {
    try {
      await write([one]);
    } catch (error) {
      if (!isRefusal(error)) throw error;
      const { seq, event } = one;
      logger?.error('The mirror refuses an event: it is left out', {
        session_id,
        seq,
        type: event.type,
        reason: wordsOf(error),
      });
    }
  }
}

/** See `Mirror.write`: what nobody raised on purpose, SQLite's constraints among it, is about the write and not the file. */
function isRefusal(error: unknown): boolean {
  return !(error instanceof XswarmError) || REFUSALS.includes(error.code);
}

function wordsOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).slice(0, REASON_CHARACTERS);
}
