import type { HostDeps } from './host-deps.ts';
import type { SessionRow } from '../journal/journal.ts';

/** Writes where a session's conversation stands. A failed write is no loss: the next result carries it along. */
export function saveConversation({ journal, logger }: HostDeps, { session_id, conversation }: SessionRow): void {
  try {
    journal.saveConversation(session_id, conversation);
  } catch (error) {
    logger.warn({ err: error, session_id }, 'the conversation could not be saved yet');
  }
}
