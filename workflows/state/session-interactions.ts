import { isSameJson, withdrawalOf } from '../../domain/control/interaction.ts';
import type {
  Answer,
  AnswerGiven,
  AnswerOutcome,
  InteractionEnd,
  InteractionKind,
} from '../../domain/control/interaction.ts';
import type { Failure } from '../../domain/session/session.ts';
import type { TurnOutcome } from '../../domain/session/turn.ts';
import type { Asked } from '../session-activities.ts';

/**
 * How far a decision is on its way to the agent. `pending`: the gateway has to be told. `delivered`: the gateway has it on disk.
 * `used`: the agent acted on it. `void`: it came to nothing, because its turn ended another way.
 */
export type Delivery = 'pending' | 'delivered' | 'used' | 'void';

/** An interaction that is over; what it showed is in the mirror. */
export type SettledInteraction = InteractionEnd & { kind: InteractionKind; title: string; delivery: Delivery };

/** What a session knows of its interactions; plain JSON, a part of its state. */
export interface SessionInteractions {
  /** Oldest first. */
  open: Asked[];
  /** The latest ones, oldest first; one that is on its way is never dropped. */
  settled: SettledInteraction[];
  /** What a person allowed for the session, in Claude Code's syntax. */
  rules: string[];
}

const SETTLED_KEPT = 200;

/** A session that never asked anything. */
export function noInteractions(): SessionInteractions {
  return { open: [], settled: [], rules: [] };
}

/** Opens an interaction, once per id: a gateway reports it again after a crash. */
export function ask(state: SessionInteractions, asked: Asked): SessionInteractions {
  if (isKnown(state, asked.interaction_id)) return state;
  return { ...state, open: [...state.open, asked] };
}

/** Records the first answer to an interaction; a later one is compared with it and changes nothing. */
export function answer(
  state: SessionInteractions,
  given: AnswerGiven,
  at: string,
): { state: SessionInteractions; outcome: AnswerOutcome } {
  const before = state.settled.find(({ interaction_id }) => interaction_id === given.interaction_id);
  if (before !== undefined) return { state, outcome: outcomeAgainst(before, given.answer) };
  const asked = state.open.find(({ interaction_id }) => interaction_id === given.interaction_id);
  if (asked === undefined) return { state, outcome: { type: 'rejected', code: 'INTERACTION_NOT_FOUND' } };
  const settled: SettledInteraction = {
    ...settle(asked, 'answered', at),
    answer: given.answer,
    answered_by: given.by,
    answered_via: given.via,
    delivery: 'pending',
  };
  return { state: withRule(close(state, [settled]), given.answer), outcome: { type: 'recorded', end: endOf(settled) } };
}

function outcomeAgainst(settled: SettledInteraction, answer: Answer): AnswerOutcome {
  const end = endOf(settled);
  if (settled.status !== 'answered') return { type: 'rejected', code: 'INTERACTION_WITHDRAWN', end };
  const isSame = isSameJson(settled.answer, answer);
  return isSame ? { type: 'repeated', end } : { type: 'rejected', code: 'ALREADY_ANSWERED', end };
}

/** What the mirror and the doors need of a settled interaction. */
export function endOf({ kind: _kind, title: _title, delivery: _delivery, ...end }: SettledInteraction): InteractionEnd {
  return end;
}

/** Withdraws what a message asked, since its turn ended another way; a decision that the agent did not act on is void. */
export function withdrawOf(
  state: SessionInteractions,
  messageId: string,
  reason: string,
  at: string,
): SessionInteractions {
  return withdraw(state, ({ message_id }) => message_id === messageId, reason, at);
}

/** Ends a turn: what it still asks is withdrawn, and what was delivered to one that is done was used. */
export function endTurn(
  state: SessionInteractions,
  turn: { message_id: string; outcome: TurnOutcome; failure: Failure | null },
  at: string,
): SessionInteractions {
  const isUsed = ({ message_id, delivery }: SettledInteraction): boolean =>
    turn.outcome === 'done' && message_id === turn.message_id && delivery === 'delivered';
  const acted = state.settled.filter(isUsed).reduce((sum, { interaction_id }) => used(sum, interaction_id), state);
  return withdrawOf(acted, turn.message_id, withdrawalOf(turn), at);
}

/** Withdraws everything: the session ends. */
export function withdrawAll(state: SessionInteractions, reason: string, at: string): SessionInteractions {
  return withdraw(state, () => true, reason, at);
}

function withdraw(
  state: SessionInteractions,
  concerns: (interaction: Pick<Asked, 'message_id'>) => boolean,
  reason: string,
  at: string,
): SessionInteractions {
  const over = state.open
    .filter(concerns)
    .map((asked) => ({ ...settle(asked, 'withdrawn', at), withdrawn_reason: reason }));
  const isOnItsWay = (one: SettledInteraction): boolean => one.delivery === 'pending' || one.delivery === 'delivered';
  const settled = state.settled.map((one) =>
    concerns(one) && isOnItsWay(one) ? { ...one, delivery: 'void' as const } : one,
  );
  return close({ ...state, settled }, over);
}

/** Ends what waited for longer than its own limit; the agent is told that nobody answered. */
export function expire(state: SessionInteractions, now: string): SessionInteractions {
  const over = state.open
    .filter(({ expires_at }) => expires_at !== null && expires_at <= now)
    .map((asked) => ({ ...settle(asked, 'expired', now), delivery: 'pending' as const }));
  return over.length === 0 ? state : close(state, over);
}

/** The gateway has the decision on disk. */
export function delivered(state: SessionInteractions, interactionId: string): SessionInteractions {
  return advance(state, interactionId, ['pending'], 'delivered');
}

/** The agent acted on the decision. */
export function used(state: SessionInteractions, interactionId: string): SessionInteractions {
  return advance(state, interactionId, ['pending', 'delivered'], 'used');
}

function advance(state: SessionInteractions, id: string, from: Delivery[], to: Delivery): SessionInteractions {
  if (!state.settled.some((one) => one.interaction_id === id && from.includes(one.delivery))) return state;
  const settled = state.settled.map((one) => (one.interaction_id === id ? { ...one, delivery: to } : one));
  return { ...state, settled: trimmed(settled) };
}

/** The oldest decision that the gateway has to be told; null when there is none. */
export function nextToDeliver(state: SessionInteractions): SettledInteraction | null {
  return state.settled.find(({ delivery }) => delivery === 'pending') ?? null;
}

/** What a message waits for; null when nothing of it is open. */
export function waitingOf(state: SessionInteractions, messageId: string): Asked | null {
  return state.open.find(({ message_id }) => message_id === messageId) ?? null;
}

/** A decision that was not delivered and came to nothing: the gateway asked nobody. */
export function voided(state: SessionInteractions, interactionId: string): SessionInteractions {
  return advance(state, interactionId, ['pending'], 'void');
}

/** Whether a message asked before: the gateway has it, and it is not sent again. */
export function hasAsked(state: SessionInteractions, messageId: string): boolean {
  return [...state.open, ...state.settled].some(({ message_id }) => message_id === messageId);
}

/** When the next open interaction expires; null when none does. */
export function nextExpiry(state: SessionInteractions): string | null {
  const limits = state.open.flatMap(({ expires_at }) => (expires_at === null ? [] : [expires_at]));
  return limits.length === 0 ? null : limits.reduce((first, limit) => (limit < first ? limit : first));
}

function isKnown(state: SessionInteractions, id: string): boolean {
  return [...state.open, ...state.settled].some(({ interaction_id }) => interaction_id === id);
}

function settle(asked: Asked, status: SettledInteraction['status'], at: string): SettledInteraction {
  const { interaction_id, message_id, kind, title } = asked;
  return {
    interaction_id,
    message_id,
    kind,
    title,
    status,
    answer: null,
    answered_by: null,
    answered_via: null,
    settled_at: at,
    withdrawn_reason: null,
    delivery: 'void',
  };
}

function close(state: SessionInteractions, over: SettledInteraction[]): SessionInteractions {
  if (over.length === 0) return state;
  const ids = new Set(over.map(({ interaction_id }) => interaction_id));
  const open = state.open.filter(({ interaction_id }) => !ids.has(interaction_id));
  return { ...state, open, settled: trimmed([...state.settled, ...over]) };
}

function trimmed(settled: SettledInteraction[]): SettledInteraction[] {
  const surplus = settled.length - SETTLED_KEPT;
  if (surplus <= 0) return settled;
  const done = settled.filter(({ delivery }) => delivery === 'used' || delivery === 'void').slice(0, surplus);
  return settled.filter((one) => !done.includes(one));
}

function withRule(state: SessionInteractions, given: Answer): SessionInteractions {
  if (!('decision' in given) || given.decision !== 'allow_session' || state.rules.includes(given.rule)) return state;
  return { ...state, rules: [...state.rules, given.rule] };
}
