import type { SessionEvent } from '../../domain/event.ts';
import type { CostReport, HistoryMessage, Session as Told } from '../../domain/service-data.ts';
import type { SessionOptions } from '../../domain/session.ts';
import { API, call } from './http.ts';

/** A session, with what servers of a later version add. */
export interface Session extends Told {
  paused?: { reason: 'budget' | 'usage_limit' | 'person'; message: string; since: string } | null;
  waiting?: { interaction_id: string; kind: string; title: string } | null;
  running?: { message_id: string; since: string; summary: string } | null;
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

/** The calls that the page makes, by what they do. */
export const api = {
  me: (signal?: AbortSignal) => call<Me>('/auth/me', { signal }),
  logIn: (proof: { code: string } | { token: string }) => call<Me>('/auth/login', { method: 'POST', body: proof }),
  devices: () => call<{ sessions: Device[] }>('/auth/sessions'),
  endDevice: (id: string) => call<unknown>(`/auth/sessions/${encodeURIComponent(id)}`, { method: 'DELETE' }),
  endOtherDevices: () => call<unknown>('/auth/sessions', { method: 'DELETE' }),

  sessions: (query: Record<string, string | number | undefined>, signal?: AbortSignal) =>
    call<{ sessions: Session[]; next_cursor: string | null }>(`${API}/sessions`, { query, signal }),
  session: (id: string, signal?: AbortSignal) => call<Session>(sessionPath(id), { signal }),
  create: (body: {
    user_id: string;
    project_path: string;
    session_id: string;
    title?: string;
    options?: SessionOptions;
  }) => call<{ session_id: string }>(`${API}/sessions`, { method: 'POST', body, timeoutMs: 90_000 }),
  end: (id: string) => call<{ reason: string }>(sessionPath(id), { method: 'DELETE', timeoutMs: 60_000 }),
  interrupt: (id: string) => call<{ interrupted: boolean }>(`${sessionPath(id)}/interrupt`, { method: 'POST' }),
  send: (id: string, key: string, message: string) =>
    call<{ message_id: string }>(`${sessionPath(id)}/messages`, {
      method: 'POST',
      body: { message },
      headers: { 'idempotency-key': key, prefer: 'respond-async' },
    }),
  eventsBefore: (id: string, before: number, limit: number, signal?: AbortSignal) =>
    call<EventPage>(`${sessionPath(id)}/events`, { query: { before, limit }, signal }),
  eventsAfter: (id: string, after: number, limit: number, signal?: AbortSignal) =>
    call<EventPage>(`${sessionPath(id)}/events`, { query: { after, limit }, signal }),

  cost: (userId: string | null, query: Record<string, string | undefined>, signal?: AbortSignal) =>
    call<CostReport>(userId === null ? `${API}/cost` : `${API}/users/${encodeURIComponent(userId)}/cost`, {
      query,
      signal,
    }),
  search: (q: string, signal?: AbortSignal) =>
    call<{ messages: Said[] }>(`${API}/search`, { query: { q, limit: 50 }, signal }),
  ready: (signal?: AbortSignal) => call<{ status: string }>('/ready', { signal }),
  version: (signal?: AbortSignal) => call<{ version: string; node: string }>('/version', { signal }),
};
