import { UsageError } from 'clipanion';
import type { ClaudeCodeConnector } from '../../client/connector.ts';
import type { Session, SessionFilter } from '../../domain/service-data.ts';

/** A prefix is looked for among this many of the newest sessions. */
const MOST_SEARCHED = 2_000;
const PAGE = 100;
const OPEN = ['connecting', 'active', 'idle', 'disconnecting'] as const;

/**
 * Returns the session with an id, or the only one whose id begins so. Throws `SESSION_NOT_FOUND`, and `UsageError` where
 * several begin so.
 */
export async function findSession(connector: ClaudeCodeConnector, idOrPrefix: string): Promise<Session> {
  try {
    return await connector.requireSession(idOrPrefix);
  } catch (error) {
    const isUnknown = error instanceof Error && 'code' in error && error.code === 'SESSION_NOT_FOUND';
    if (!isUnknown || idOrPrefix === '') throw error;
    const sessions = await listSessions(connector, {}, MOST_SEARCHED);
    const matching = sessions.filter(({ id }) => id.startsWith(idOrPrefix));
    const [session] = matching;
    if (session === undefined) throw error;
    if (matching.length === 1) return session;
    const examples = matching.slice(0, 3).map(({ id }) => id);
    throw new UsageError(`${matching.length} session ids begin with "${idOrPrefix}": ${examples.join(', ')}`);
  }
}

/** Returns the sessions that are open, newest first. */
export async function openSessions(
  connector: ClaudeCodeConnector,
  { userId, most = Infinity }: { userId?: string; most?: number } = {},
): Promise<Session[]> {
  const mine = userId === undefined ? {} : { user_id: userId };
  const lists = await Promise.all(OPEN.map((status) => listSessions(connector, { ...mine, status }, most)));
  return lists
    .flat()
    .sort((a, b) => b.started_at.localeCompare(a.started_at))
    .slice(0, most);
}

/** Returns sessions, newest first, page by page until there are `most`. */
export async function listSessions(
  connector: ClaudeCodeConnector,
  filter: Partial<SessionFilter>,
  most: number,
): Promise<Session[]> {
  const found: Session[] = [];
  let cursor: string | undefined;
  do {
    const page = await connector.listSessions({ ...filter, cursor, limit: Math.min(PAGE, most - found.length) });
    found.push(...page.items);
    cursor = page.next_cursor ?? undefined;
  } while (cursor !== undefined && found.length < most);
  return found;
}
