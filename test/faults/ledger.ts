import type { ClaudeCodeResponse } from '../../client/answer.ts';

/** A message as its sender saw it; the whole truth from outside. */
export interface SentMessage {
  session_id: string;
  key: string;
  content: string;
  /** `performance.now()` when it was first handed over, when that was acknowledged, when the answer came. */
  sentAt: number;
  acceptedAt: number | null;
  answeredAt: number | null;
  message_id: string | null;
  /** Counts up, in one session, in the order of the acknowledgements; null where several were on their way at once. */
  place: number | null;
  outcome: ClaudeCodeResponse['status'] | null;
  answer: string | null;
  cost_usd: number | null;
  /** A refusal that is an answer as well, for example of a session that ended meanwhile. */
  refused: string | null;
  /** How often it was handed over. */
  tries: number;
}

/** What the callers of a run know. */
export interface CallerLedger {
  readonly messages: SentMessage[];
  readonly sessions: Map<string, { id: string; ended: boolean }>;
  open(): SentMessage[];
  /** Told of every answer. */
  onAnswer(listener: (message: SentMessage) => void): () => void;
  add(message: Pick<SentMessage, 'session_id' | 'key' | 'content'>): SentMessage;
  accepted(message: SentMessage, messageId: string, place: number | null): void;
  answered(message: SentMessage, end: Partial<SentMessage>): void;
}

/** Makes an empty ledger. */
export function makeCallerLedger(): CallerLedger {
  const messages: SentMessage[] = [];
  const open = new Set<SentMessage>();
  const listeners = new Set<(message: SentMessage) => void>();
  return {
    messages,
    sessions: new Map(),
    open: () => [...open],
    onAnswer(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    add(named) {
      const message: SentMessage = {
        ...named,
        sentAt: performance.now(),
        acceptedAt: null,
        answeredAt: null,
        message_id: null,
        place: null,
        outcome: null,
        answer: null,
        cost_usd: null,
        refused: null,
        tries: 0,
      };
      messages.push(message);
      open.add(message);
      return message;
    },
    accepted(message, messageId, place) {
      message.acceptedAt ??= performance.now();
      message.message_id = messageId;
      message.place = place;
    },
    answered(message, end) {
      Object.assign(message, end, { answeredAt: performance.now() });
      open.delete(message);
      for (const listener of listeners) listener(message);
    },
  };
}
