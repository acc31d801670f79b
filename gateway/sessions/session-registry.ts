import { derivedUuid } from '../../domain/derived-uuid.ts';
import type { Conversation } from '../drivers/driver.ts';
import type { SessionRow } from '../journal/journal.ts';
import { SessionHost } from './session-host.ts';
import type { HostDeps } from './session-host.ts';

/** How long an agent without a listener and without work is kept. */
const UNHEARD_LIMIT_MS = 10 * 60_000;
const TIDY_MS = 30_000;

/** The sessions that this process has in memory; the others are in the journal. */
export class SessionRegistry {
  readonly #deps: HostDeps;
  readonly #hosts = new Map<string, SessionHost>();
  readonly #timer: NodeJS.Timeout;

  constructor(deps: HostDeps) {
    this.#deps = deps;
    this.#timer = setInterval(() => this.#tidy(), TIDY_MS).unref();
  }

  /** A session that the journal knows; null for an unknown one. */
  find(sessionId: string): SessionHost | null {
    const host = this.#hosts.get(sessionId);
    if (host !== undefined) return host;
    const row = this.#deps.journal.session(sessionId);
    return row === null ? null : this.#load(row);
  }

  /** The same for a session that may be new. */
  findOrBegin(wish: Pick<SessionRow, 'session_id' | 'epoch' | 'project_path' | 'options'>): SessionHost {
    const known = this.find(wish.session_id);
    if (known !== null) return known;
    const conversation: Conversation = { id: conversationId(wish.session_id), established: false, counters: {} };
    const row: SessionRow = { ...wish, conversation, state: 'open', created_at: new Date().toISOString() };
    this.#deps.journal.saveSession(row);
    return this.#load(row);
  }

  /** The sessions in memory. */
  all(): SessionHost[] {
    return [...this.#hosts.values()];
  }

  /**
   * Ends all agents and writes what can be written. What cannot is logged, and the next start settles those turns by the
   * agents' own records. A second call with a shorter grace time makes the first one faster.
   */
  async shutDown(graceMs: number): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all(this.all().map((host) => host.shutDown(graceMs)));
    const { writer, logger } = this.#deps;
    const unwritten = writer.stop();
    if (unwritten.length === 0) return;
    logger.error(
      { err: writer.failure, unwritten },
      `${unwritten.length} events could not be written to the journal: the next start settles their turns`,
    );
  }

  #load(row: SessionRow): SessionHost {
    const host = new SessionHost(this.#deps, row);
    this.#hosts.set(row.session_id, host);
    return host;
  }

  /** Forgets sessions that need not be in memory, and releases agents that nobody needs. */
  #tidy(): void {
    const now = Date.now();
    for (const [session_id, host] of this.#hosts) {
      if (host.isForgettable) this.#hosts.delete(session_id);
      const isUnheard = host.listener === null && !host.isWorking && host.slot.agent !== null;
      if (!isUnheard || now - host.idleSince < UNHEARD_LIMIT_MS) continue;
      host.slot
        .stop()
        .catch((error: unknown) =>
          this.#deps.logger.error({ err: error, session_id }, 'an agent could not be stopped'),
        );
    }
  }
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i;

/** The agent's conversation has the session's own id, or an id derived from it, so that it is found without a journal too. */
function conversationId(sessionId: string): string {
  if (UUID.test(sessionId)) return sessionId.toLowerCase();
  return derivedUuid(`xswarm:${sessionId}`);
}
