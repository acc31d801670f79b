import type { InboxFilter } from '../../db/queries/interactions.ts';
import type { Caller, Door } from '../../domain/access/caller.ts';
import type { ShownInteraction } from '../../domain/control/interaction.ts';
import type { CostQuestion, CostRows } from '../../domain/money/cost-rows.ts';
import type { SessionEvent } from '../../domain/session/event.ts';
import type {
  Session,
  CreateSession,
  SendMessage,
  HistoryMessage,
  MessageState,
  Page,
  CostFilter,
  CostReport,
  SessionFilter,
  RouteConversation,
  Routed,
  LiveFrame,
} from '../../domain/service-data.ts';

export type * from '../../domain/access/caller.ts';
export type * from '../../domain/service-data.ts';
export type * from '../../domain/access/user.ts';

/**
 * Everything callers can do, in one place: REST and the supervisor socket are two doors to it.
 * Each call checks the policy for `caller`; what a caller may not see is `SESSION_NOT_FOUND` or `USER_NOT_FOUND`.
 * Each may throw `UNAVAILABLE`. `signal` ends waiting, never the work.
 */
export interface SessionService {
  /** Resolves once the agent connection is up. The same call again gives the same session. */
  create(caller: Caller, input: CreateSession, signal?: AbortSignal): Promise<Session>;
  list(caller: Caller, filter: SessionFilter): Promise<Page<Session>>;
  get(caller: Caller, sessionId: string): Promise<Session>;
  /** Resolves when the message is accepted (durable), before it is carried out. */
  submit(caller: Caller, sessionId: string, input: SendMessage): Promise<MessageState>;
  /**
   * Waits until the turn is settled, `waitMs` at most; resolves with the state that it then has. With `orPerson` also when its
   * session waits for a person, in this turn or in one before it.
   */
  settled(
    caller: Caller,
    sessionId: string,
    messageId: string,
    waitMs: number,
    signal?: AbortSignal,
    orPerson?: boolean,
  ): Promise<MessageState>;
  message(caller: Caller, sessionId: string, messageId: string): Promise<MessageState>;
  history(
    caller: Caller,
    sessionId: string,
    page: { limit: number; cursor?: string; order: 'asc' | 'desc' },
  ): Promise<Page<HistoryMessage>>;
  /** Full-text search over the messages that the caller may see. */
  search(caller: Caller, query: { q: string; session_id?: string; limit: number }): Promise<HistoryMessage[]>;
  /** Stops the turn that runs; with `messageId`, only if it is the turn of that message. */
  interrupt(caller: Caller, sessionId: string, messageId?: string): Promise<boolean>;
  /**
   * Continues a session that has ended, and resolves once its agent is up; one that is open is returned as it is. Throws
   * `SESSION_NOT_RESUMABLE` where the agent's conversation is gone, and what `create` throws.
   */
  resume(caller: Caller, sessionId: string, signal?: AbortSignal): Promise<Session>;
  /** Reports that a person is attached to the session, so that it does not time out. Throws `SESSION_NOT_ACTIVE`. */
  presence(caller: Caller, sessionId: string): Promise<void>;
  /** Resolves when the session has ended, with the first reason. */
  disconnect(caller: Caller, sessionId: string, reason: string): Promise<{ reason: string; timestamp: string }>;
  cleanup(caller: Caller): Promise<number>;
  /** What waits for the caller, oldest first. */
  inbox(caller: Caller, filter: InboxFilter): Promise<Page<ShownInteraction>>;
  /** Throws `INTERACTION_NOT_FOUND`, also for one that the caller may not see. */
  interaction(caller: Caller, interactionId: string): Promise<ShownInteraction>;
  /**
   * Records a person's answer and returns the interaction as it is then; the first answer wins, and the same one again
   * returns it. Throws `INVALID_ANSWER`, `NOT_PERMITTED`, `ALREADY_ANSWERED`, `INTERACTION_WITHDRAWN`.
   */
  answer(caller: Caller, interactionId: string, answer: unknown, via: Door): Promise<ShownInteraction>;
  userCost(caller: Caller, userId: string, filter: CostFilter): Promise<CostReport>;
  totalCost(caller: Caller, filter: CostFilter): Promise<CostReport>;
  /** What the sessions that the caller may see cost, in groups. */
  costs(caller: Caller, question: Omit<CostQuestion, 'user_id'> & { user_id?: string }): Promise<CostRows>;
  route(caller: Caller, input: RouteConversation): Promise<Routed>;
  /** A page of a session's stream, oldest first. */
  events(
    caller: Caller,
    sessionId: string,
    page: { before?: number; after?: number; limit: number },
  ): Promise<SessionEvent[]>;
  /**
   * Backfill after `after`, then live, without a hole or a repeat. Ends when `signal` aborts.
   * Throws when the reader is too slow (more than 1,000 frames behind).
   */
  watch(caller: Caller, sessionId: string, after: number, signal: AbortSignal): AsyncIterable<LiveFrame>;
  /** Summaries (status, result without content, cost, closed) of all sessions the caller may see, live. */
  watchAll(caller: Caller, signal: AbortSignal): AsyncIterable<LiveFrame>;
  /** Throws `UNAVAILABLE` with the reason while Temporal, the database or the gateway is away. */
  ready(): Promise<void>;
}
