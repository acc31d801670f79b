import { randomUUID } from 'node:crypto';
import type { Conversation } from '../drivers/driver.ts';
import type { SessionRow } from '../journal/journal.ts';
import { SessionHost } from './session-host.ts';
import type { HostDeps } from './session-host.ts';

/** How long an agent without a listener and without work is kept. */
const UNHEARD_LIMIT_MS = 10 * 60_000;
const TIDY_MS = 30_000;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

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

  /**
   * The same for a session that may be new. A new session begins a conversation that nobody else has: ids that the agent has a
   * record of belong to another session, or to somebody who used the agent without this gateway.
   */
  async findOrBegin(wish: Pick<SessionRow, 'session_id' | 'epoch' | 'project_path' | 'options'>): Promise<SessionHost> {
    if (this.find(wish.session_id) === null) {
      const conversation = await this.#newConversation(wish.session_id);
      const known = this.find(wish.session_id); // another socket may have begun it meanwhile
      if (known === null) return this.#begin(wish, conversation);
    }
    return this.find(wish.session_id)!;
  }

  async #newConversation(sessionId: string): Promise<Conversation> {
    const begun = (id: string): Conversation => ({ id, established: false, counters: {} });
    // Other ids could mean the same file: capitals, where the file system knows no case.
    if (!UUID.test(sessionId)) return begun(randomUUID());
    const { driver } = this.#deps;
    const isTaken = driver.usesProcesses && (await driver.hasConversation(begun(sessionId)));
    return begun(isTaken ? randomUUID() : sessionId);
  }

  #begin(
    wish: Pick<SessionRow, 'session_id' | 'epoch' | 'project_path' | 'options'>,
    conversation: Conversation,
  ): SessionHost {
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
