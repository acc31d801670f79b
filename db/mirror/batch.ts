import type { SessionEventBody } from '../../domain/session/event.ts';
import type { Budgets } from '../budgets/budgets.ts';
import type { Published } from '../events/bus.ts';
import { eventFrame } from '../events/bus.ts';
import { storedBody, storedCost } from '../events/event-rows.ts';
import { typeNumber } from '../events/event-numbers.ts';
import { laterOf } from './iso-time.ts';
import type { ShowCost } from '../queries/show-cost.ts';
import type { MirrorStatements, SessionState } from './statements.ts';

/** Gives a message that becomes known its place in the order of all messages. */
export type TakeKey = (messageId: string, timestamp: string) => number;

/** One transaction in the making: the sessions it touches, and what is published once it is committed. */
export interface Batch {
  statements: MirrorStatements;
  showCost: ShowCost;
  /** What settled turns are booked to; null where none are kept. */
  budgets: Budgets | null;
  now: string;
  sessions: Map<string, SessionState>;
  takeKey: TakeKey;
  published: Published[];
}

/** Begins a batch; call it inside the transaction. */
export function beginBatch(
  deps: Pick<Batch, 'statements' | 'showCost' | 'budgets' | 'now'>,
  takeKey: TakeKey = countKeys(deps.statements),
): Batch {
  return { ...deps, sessions: new Map(), takeKey, published: [] };
}

/** Places behind all that are taken. */
export function countKeys(statements: MirrorStatements): TakeKey {
  let next = statements.nextMessageKey.get() ?? 1;
  return () => next++;
}

/** Writes the counters of the touched sessions; the last step inside the transaction. */
export function saveBatch(batch: Batch): void {
  for (const session of batch.sessions.values()) batch.statements.saveSession.run(session);
}

/** The session as the batch left it; a session nobody wrote of yet gets a row that its first snapshot fills. */
export function touchSession(batch: Batch, sessionId: string): SessionState {
  const touched = batch.sessions.get(sessionId);
  if (touched !== undefined) return touched;
  const { statements } = batch;
  const found = statements.session.get(sessionId) ?? statements.createSession.get(sessionId);
  if (found === undefined) throw new Error(`Session row was not made: ${sessionId}`);
  batch.sessions.set(sessionId, found);
  return found;
}

/** Adds an event to the session's stream under the next number. */
export function appendEvent(
  batch: Batch,
  session: SessionState,
  event: SessionEventBody,
  messageKey: number | null = null,
): void {
  session.event_seq += 1;
  session.last_activity =
    event.type === 'queued' ? laterOf(session.last_activity, event.timestamp) : session.last_activity;
  const body =
    event.type === 'cost'
      ? storedCost(session.cost_nano, session.message_count)
      : storedBody(event, messageKey !== null);
  const at = Date.parse(event.timestamp);
  batch.statements.insertEvent.run(session.key, session.event_seq, at, typeNumber(event.type), messageKey, body);
  const numbered = { session_id: session.id, seq: session.event_seq, ...event };
  batch.published.push({ user_id: session.user_id, frame: eventFrame(numbered) });
}

/** Marks an event number of the gateway as mirrored; false when it was already. */
export function isFresh(batch: Batch, session: SessionState, seq: number): boolean {
  if (seq <= session.agent_seq) return false;
  if (seq > session.agent_seq + 1) return batch.statements.rememberAhead.run(session.key, seq).changes === 1;
  session.agent_seq = seq;
  while (batch.statements.forgetAhead.run(session.key, session.agent_seq + 1).changes === 1) session.agent_seq += 1;
  return true;
}
