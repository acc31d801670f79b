import { XswarmError, type ErrorCode } from '../domain/errors.ts';
import type { AgentEvent } from '../domain/session/event.ts';
import type { Mirror } from '../domain/mirror/mirror-write.ts';
import type { LineLogger, NumberedEvent } from './line/agent-connection.ts';

/** What an api answers to a write that it will refuse again, unless it is about to be repaired or upgraded itself. */
const DOUBTFUL: readonly ErrorCode[] = ['INVALID_REQUEST', 'INTERNAL'];
const REASON_CHARACTERS = 200;

/** Where events are written, and who hears of those that cannot be. */
export interface EventTarget {
  sessionId: string;
  mirror: Mirror;
  logger: LineLogger | undefined;
}

/**
 * Writes a batch of a session's events in one transaction. Where the mirror refuses it for good they are written singly; of
 * what is refused singly the log is told. Such a result is written without its answer, so that its message has an outcome and
 * its cost is there; another event is left out, and `mirror check` finds the gap. Throws what may pass, `isLate` leaves less of
 * that; then all of them are to be written again, which changes nothing of what is there.
 */
export async function writeEvents(
  { sessionId: session_id, mirror, logger }: EventTarget,
  batch: readonly NumberedEvent[],
  isLate: boolean,
): Promise<void> {
  const write = (events: readonly NumberedEvent[]): Promise<void> =>
    mirror.write(events.map(({ seq, event }) => ({ type: 'agent', session_id, seq, event })));

  /** Whether they were written; false where the mirror refuses them for good. */
  async function isWritten(events: readonly NumberedEvent[], told: boolean): Promise<boolean> {
    try {
      await write(events);
      return true;
    } catch (error) {
      if (!isRefusal(error, isLate)) throw error;
      for (const { seq, event } of told ? events : []) {
        const fields = { session_id, seq, type: event.type, reason: wordsOf(error) };
        logger?.error('The mirror refuses an event: what it lacks is left out', fields);
      }
      return false;
    }
  }

  if (await isWritten(batch, false)) return;
  for (const one of batch) {
    if (await isWritten([one], true)) continue;
    if (one.event.type === 'result') await isWritten([withoutAnswer(one, one.event)], true);
  }
}

/** See `Mirror.write`: what nobody raised on purpose, SQLite's constraints among it, is about the write and not the file. */
function isRefusal(error: unknown, isLate: boolean): boolean {
  if (!(error instanceof XswarmError) || error.code === 'TOO_LARGE') return true;
  return isLate && DOUBTFUL.includes(error.code);
}

/** What people and bills need of a result: the turn, its message and its cost. */
function withoutAnswer(one: NumberedEvent, result: Extract<AgentEvent, { type: 'result' }>): NumberedEvent {
  const failure = { code: 'INTERNAL', message: 'The answer could not be stored: the log tells more' } as const;
  const turn = { ...result.turn, outcome: 'failed' as const, content: '', failure, usage: [] };
  return { ...one, event: { ...result, turn } };
}

function wordsOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).slice(0, REASON_CHARACTERS);
}
