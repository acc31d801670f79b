import type { ShownInteraction } from '../../domain/control/interaction.ts';
import type { SessionEvent } from '../../domain/session/event.ts';
import type { CostReport, HistoryMessage, Session as Told } from '../../domain/service-data.ts';
import type { SessionOptions } from '../../domain/session/session.ts';
import { API, call } from './http.ts';

/** A session, with what servers of a later version add. */
export interface Session extends Told {
  paused?: { reason: 'budget' | 'usage_limit' | 'person'; message: string; since: string } | null;
  budget?: { limit_usd: number; spent_usd: number; left_usd: number } | null;
}

/** Who uses this page, and what the server offers. */
export interface Me {
  mode: 'local' | 'token';
  /** Null in local mode without a login: the page then acts as the user that it names. */
  user_id: string | null;
  admin: boolean;
  /** The login of this browser; null where none is needed. */
  login_id: string | null;
  version: string;
  /** The users that this caller may act for. */
  users: string[];
  /** Where Temporal's Web UI lists workflows; null where the server does not know. */
  workflows_url: string | null;
  /** Every call of the API, as `GET /api/claude-code/inbox`. */
  offers: string[];
}

/** One browser that is logged in. */
export interface Device {
  id: string;
  user_id: string;
  device: string;
  created_at: string;
  last_used_at: string;
  expires_at: string;
  current: boolean;
}

/** A page of a session's events, oldest first. */
export interface EventPage {
  events: SessionEvent[];
}

/** A message with the contract's word for its text. */
export type Said = HistoryMessage & { content: string };

const sessionPath = (id: string): string => `${API}/sessions/${encodeURIComponent(id)}`;

type Query = Record<string, string | number | undefined>;
type SessionPage = { sessions: Session[]; next_cursor: string | null };
type NewSession = {
  user_id: string;
  project_path: string;
  session_id: string;
  title?: string;
  options?: SessionOptions;
};

/** The calls that the page makes, by what they do. */
export const api = {
  me: (signal?: AbortSignal): Promise<Me> => call('/auth/me', { signal }),
  logIn: (proof: { code: string } | { token: string }): Promise<unknown> =>
    call('/auth/login', { method: 'POST', body: proof }),
  devices: (): Promise<{ sessions: Device[] }> => call('/auth/sessions'),
  endDevice: (id: string): Promise<unknown> => call(`/auth/sessions/${encodeURIComponent(id)}`, { method: 'DELETE' }),
  endOtherDevices: (): Promise<unknown> => call('/auth/sessions', { method: 'DELETE' }),

  sessions: (query: Query, signal?: AbortSignal): Promise<SessionPage> => call(`${API}/sessions`, { query, signal }),
  session: (id: string, signal?: AbortSignal): Promise<Session> => call(sessionPath(id), { signal }),
  create: (body: NewSession): Promise<unknown> => call(`${API}/sessions`, { method: 'POST', body, timeoutMs: 90_000 }),
  end: (id: string): Promise<unknown> => call(sessionPath(id), { method: 'DELETE', timeoutMs: 60_000 }),
  interrupt: (id: string): Promise<unknown> => call(`${sessionPath(id)}/interrupt`, { method: 'POST' }),
  send: (id: string, key: string, message: string): Promise<unknown> =>
    call(`${sessionPath(id)}/messages`, {
      method: 'POST',
      body: { message },
      headers: { 'idempotency-key': key, prefer: 'respond-async' },
    }),
  inbox: (signal?: AbortSignal): Promise<{ interactions: ShownInteraction[] }> =>
    call(`${API}/inbox`, { query: { limit: 200 }, signal }),
  answer: (id: string, body: Record<string, unknown>): Promise<unknown> =>
    call(`${API}/interactions/${encodeURIComponent(id)}/answer`, { method: 'POST', body }),
  eventsBefore: (id: string, before: number, limit: number): Promise<EventPage> =>
    call(`${sessionPath(id)}/events`, { query: { before, limit } }),
  eventsAfter: (id: string, after: number, limit: number): Promise<EventPage> =>
    call(`${sessionPath(id)}/events`, { query: { after, limit } }),

  cost: (userId: string | null, query: Query, signal?: AbortSignal): Promise<CostReport> =>
    call(userId === null ? `${API}/cost` : `${API}/users/${encodeURIComponent(userId)}/cost`, { query, signal }),
  search: (q: string, signal?: AbortSignal): Promise<{ messages: Said[] }> =>
    call(`${API}/search`, { query: { q, limit: 50 }, signal }),
  ready: (signal?: AbortSignal): Promise<unknown> => call('/ready', { signal }),
  version: (signal?: AbortSignal): Promise<{ node: string }> => call('/version', { signal }),
};
