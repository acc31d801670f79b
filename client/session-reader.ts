import type { InteractionStatus, ShownInteraction } from '../domain/control/interaction.ts';
import type { SessionEvent } from '../domain/session/event.ts';
import type { CostFilter, CostReport, HistoryMessage, Page, Session, SessionFilter } from '../domain/service-data.ts';
import { ConnectorError } from './connector-error.ts';
import type { Http } from './http.ts';

/** Where all calls about sessions begin. */
export const API = '/api/claude-code';

/** What a session cost so far. */
export interface SessionCost {
  session_id: string;
  cost_usd: number | null;
  message_count: number;
  duration_seconds: number;
  status: string;
}

/** The calls of the connector that change nothing. */
export class SessionReader {
  protected readonly http: Http;

  constructor(http: Http) {
    this.http = http;
  }

  /** Returns the session, or null where this caller may see none with that id. */
  async getSession(sessionId: string): Promise<Session | null> {
    try {
      return await this.requireSession(sessionId);
    } catch (error) {
      if (error instanceof ConnectorError && error.code === 'SESSION_NOT_FOUND') return null;
      throw error;
    }
  }

  /** Returns one page of the sessions that the caller may see, newest first. */
  async listSessions(filter: Partial<SessionFilter> = {}): Promise<Page<Session>> {
    return await this.sessionPage(`${API}/sessions`, filter);
  }

  /** Returns all sessions of a user, newest first. */
  async getUserSessions(userId: string): Promise<Session[]> {
    const path = `${API}/users/${encodeURIComponent(userId)}/sessions`;
    const sessions: Session[] = [];
    let cursor: string | undefined;
    do {
      const page = await this.sessionPage(path, { cursor });
      sessions.push(...page.items);
      cursor = page.next_cursor ?? undefined;
    } while (cursor !== undefined);
    return sessions;
  }

  /** Returns one page of the session's messages, both directions. */
  async getMessages(
    sessionId: string,
    page: { limit?: number; cursor?: string; order?: 'asc' | 'desc' } = {},
  ): Promise<Page<HistoryMessage>> {
    const body = await this.get(`${API}/sessions/${encodeURIComponent(sessionId)}/messages`, page);
    const { messages, next_cursor } = body as { messages: HistoryMessage[]; next_cursor?: string | null };
    return { items: messages, next_cursor: next_cursor ?? null };
  }

  /** Returns a page of the session's numbered events, oldest first. */
  async getEvents(
    sessionId: string,
    page: { before?: number; after?: number; limit?: number } = {},
  ): Promise<SessionEvent[]> {
    const body = await this.get(`${API}/sessions/${encodeURIComponent(sessionId)}/events`, page);
    return (body as { events: SessionEvent[] }).events;
  }

  /** Returns the number of the session's newest event; 0 before the first. */
  async lastEventNumber(sessionId: string): Promise<number> {
    const [newest] = await this.getEvents(sessionId, { before: Number.MAX_SAFE_INTEGER, limit: 1 });
    return newest?.seq ?? 0;
  }

  /** Yields what waits for a person, oldest first; of the sessions that this caller may see. */
  async *interactions(
    filter: { user_id?: string; session_id?: string; status?: InteractionStatus } = {},
  ): AsyncGenerator<ShownInteraction, void, undefined> {
    let cursor: string | undefined;
    do {
      const body = (await this.get(`${API}/inbox`, { ...filter, cursor })) as {
        interactions: ShownInteraction[];
        next_cursor: string | null;
      };
      yield* body.interactions;
      cursor = body.next_cursor ?? undefined;
    } while (cursor !== undefined);
  }

  /** Returns one interaction; throws `INTERACTION_NOT_FOUND`. */
  async interaction(interactionId: string): Promise<ShownInteraction> {
    return (await this.get(`${API}/interactions/${encodeURIComponent(interactionId)}`)) as ShownInteraction;
  }

  /** Returns what the session cost so far. */
  async getSessionCost(sessionId: string): Promise<SessionCost> {
    return (await this.get(`${API}/sessions/${encodeURIComponent(sessionId)}/cost`)) as SessionCost;
  }

  /** Returns what a user spent in US dollars; null where costs are not tracked. */
  async getUserTotalCost(userId: string): Promise<number | null> {
    return (await this.getUserCost(userId)).cost_usd;
  }

  /** Returns what a user spent, with counts and, when asked for, groups. */
  async getUserCost(userId: string, filter: CostFilter = {}): Promise<CostReport> {
    return (await this.get(`${API}/users/${encodeURIComponent(userId)}/cost`, { ...filter })) as CostReport;
  }

  /** Returns what the whole system spent. */
  async getTotalCost(filter: CostFilter = {}): Promise<CostReport> {
    return (await this.get(`${API}/cost`, { ...filter })) as CostReport;
  }

  /** Returns the session; throws `SESSION_NOT_FOUND` where this caller may see none with that id. */
  async requireSession(sessionId: string, signal?: AbortSignal): Promise<Session> {
    return (await this.get(`${API}/sessions/${encodeURIComponent(sessionId)}`, {}, signal)) as Session;
  }

  private async sessionPage(path: string, query: Partial<SessionFilter>): Promise<Page<Session>> {
    const body = (await this.get(path, { ...query })) as { sessions: Session[]; next_cursor?: string | null };
    return { items: body.sessions, next_cursor: body.next_cursor ?? null };
  }

  private async get(
    path: string,
    query: Record<string, string | number | undefined> = {},
    signal?: AbortSignal,
  ): Promise<unknown> {
    return (await this.http.call({ method: 'GET', path, query, repeatable: true, signal })).body;
  }
}
