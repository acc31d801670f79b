import { derivedUuid } from '../../domain/derived-uuid.ts';
import type { Conversation } from '../drivers/driver.ts';
import type { SessionRow } from '../journal/journal.ts';
import type { JournalWriter } from '../journal/journal-writer.ts';
import type { HostDeps } from './host-deps.ts';
import { SessionHost } from './session-host.ts';

/** How long an agent that nobody listens to and that has no work is kept. */
const UNHEARD_LIMIT_MS = 10 * 60_000;
const TIDY_MS = 30_000;

/** The sessions that this process has in memory; the others are in the journal. */
export interface SessionRegistry {
  /** A session that the journal knows; null for an unknown one. */
  find(sessionId: string): SessionHost | null;
  /** The same for a session that may be new. */
  findOrBegin(row: Pick<SessionRow, 'session_id' | 'epoch' | 'project_path' | 'options'>): SessionHost;
  /** Those in memory. */
  all(): SessionHost[];
  /** Forgets what is only in memory and not needed, and lets go agents that nobody needs. */
  tidy(): void;
  shutDown(graceMs: number): Promise<void>;
}

export function makeSessionRegistry(
  deps: Omit<HostDeps, 'writer'>,
  makeWriter: (lastSeqOf: (sessionId: string) => number) => JournalWriter,
): SessionRegistry & { writer: JournalWriter } {
  const hosts = new Map<string, SessionHost>();
  const writer = makeWriter((sessionId) => hosts.get(sessionId)?.log.lastSeq ?? deps.journal.lastSeq(sessionId));
  const hostDeps: HostDeps = { ...deps, writer };

  function load(row: SessionRow): SessionHost {
    const host = new SessionHost(hostDeps, row);
    hosts.set(row.session_id, host);
    return host;
  }

  function find(sessionId: string): SessionHost | null {
    const host = hosts.get(sessionId);
    if (host !== undefined) return host;
    const row = deps.journal.session(sessionId);
    return row === null ? null : load(row);
  }

  function tidy(): void {
    const now = Date.now();
    for (const [id, host] of hosts) {
      if (host.isForgettable) hosts.delete(id);
      const unheard = host.listener === null && !host.isWorking && host.slot.agent !== null;
      if (!unheard || now - host.idleSince < UNHEARD_LIMIT_MS) continue;
      host.slot.stop().catch((error: unknown) => deps.logger.error({ err: error, session_id: id }, 'cannot stop'));
    }
  }

  const timer = setInterval(tidy, TIDY_MS);
  timer.unref();

  return {
    writer,
    find,
    findOrBegin(wish) {
      const known = find(wish.session_id);
      if (known !== null) return known;
      const conversation: Conversation = { id: conversationId(wish.session_id), established: false, counters: {} };
      const row: SessionRow = { ...wish, conversation, state: 'open', created_at: new Date().toISOString() };
      deps.journal.saveSession(row);
      return load(row);
    },
    all: () => [...hosts.values()],
    tidy,
    async shutDown(graceMs) {
      clearInterval(timer);
      await Promise.all([...hosts.values()].map((host) => host.shutDown(graceMs)));
      writer.stop();
    },
  };
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i;

/** The agent's conversation has the session's own id, or one made from it: so it is found again even without a journal. */
function conversationId(sessionId: string): string {
  if (UUID.test(sessionId)) return sessionId.toLowerCase();
  return derivedUuid(`xswarm:${sessionId}`);
}
