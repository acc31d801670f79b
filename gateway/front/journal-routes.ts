import type { Journal } from '../journal/journal.ts';
import { fromPathPart } from '../../protocol/gateway-control.ts';

/** What a call for the journal is answered. */
export interface JournalAnswer {
  status: number;
  body: object;
}

const MAX_PAGE = 500;
const EVENTS = /^\/journal\/sessions\/([^/]+)\/events$/;

/** Answers `GET /journal/…`; null for any other address. */
export function answerJournal(journal: Journal, { pathname, searchParams }: URL): JournalAnswer | null {
  const limit = Math.min(wholeNumber(searchParams.get('limit')) ?? MAX_PAGE, MAX_PAGE);
  if (pathname === '/journal/sessions') {
    if (limit === 0) return invalid('limit');
    return { status: 200, body: { sessions: journal.sessionsAfter(searchParams.get('after') ?? '', limit) } };
  }
  const match = EVENTS.exec(pathname);
  if (match === null) return null;
  const after = wholeNumber(searchParams.get('after') ?? '0');
  if (after === null) return invalid('after');
  if (limit === 0) return invalid('limit');
  const sessionId = fromPathPart(match[1]!);
  if (sessionId === null) return invalid('session id');
  return { status: 200, body: { events: journal.events(sessionId, after, limit) } };
}

function invalid(what: string): JournalAnswer {
  return { status: 400, body: { type: 'error', code: 'INVALID_REQUEST', message: `The ${what} is not well formed` } };
}

function wholeNumber(text: string | null): number | null {
  return text !== null && /^\d{1,15}$/.test(text) ? Number(text) : null;
}
