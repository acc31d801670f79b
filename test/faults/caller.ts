import { setTimeout as sleep } from 'node:timers/promises';
import { ClaudeCodeConnector } from '../../client/connector.ts';
import { ConnectorError } from '../../client/connector-error.ts';
import type { SessionOptions } from '../../domain/session/session.ts';
import type { CallerLedger, SentMessage } from './ledger.ts';

/** A caller that never gives a message up: it asks again with the same key until there is an answer. */
export interface Caller {
  create(sessionId: string, options: SessionOptions): Promise<void>;
  /** Sends and waits for the answer. */
  ask(sessionId: string, key: string, content: string): Promise<SentMessage>;
  /** Sends several, each once the one before it is acknowledged, then waits for all answers. */
  askInARow(sessionId: string, messages: { key: string; content: string }[]): Promise<void>;
  disconnect(sessionId: string): Promise<void>;
}

/** Answers of the product that end a call for good. */
const FINAL = new Set(['SESSION_NOT_ACTIVE', 'SESSION_NOT_FOUND', 'IDEMPOTENCY_MISMATCH', 'INVALID_REQUEST']);
const PAUSE_MS = 100;

/** Makes a caller over the product's own client library. */
export function makeCaller(options: { url: string; project: string; ledger: CallerLedger; stop: AbortSignal }): Caller {
  const { ledger, stop } = options;
  const connector = new ClaudeCodeConnector({ url: options.url, retries: 3 });
  const places = new Map<string, number>();

  /** Calls until there is an answer that is one; what means "not now" or "nobody there" is none. */
  async function insist<T>(call: () => Promise<T>): Promise<T> {
    for (;;) {
      stop.throwIfAborted();
      try {
        return await call();
      } catch (error) {
        if (!(error instanceof ConnectorError) || FINAL.has(error.code)) throw error;
        await sleep(PAUSE_MS, undefined, { signal: stop });
      }
    }
  }

  function nextPlace(sessionId: string): number {
    const place = (places.get(sessionId) ?? 0) + 1;
    places.set(sessionId, place);
    return place;
  }

  /** Settles the message with what the call gave, or with the refusal that it was. */
  async function settle(message: SentMessage, call: () => Promise<Partial<SentMessage>>): Promise<void> {
    try {
      ledger.answered(message, await insist(call));
    } catch (error) {
      stop.throwIfAborted();
      if (!(error instanceof ConnectorError)) throw error;
      ledger.answered(message, { refused: error.code });
    }
  }

  async function answerOf(message: SentMessage): Promise<Partial<SentMessage>> {
    message.tries += 1;
    const { session_id, key, content } = message;
    const response = await connector.ask(session_id, content, undefined, { idempotencyKey: key, signal: stop });
    const { status: outcome, content: answer, cost_usd, message_id } = response;
    return { outcome, answer, cost_usd, message_id };
  }

  return {
    async create(sessionId, sessionOptions) {
      ledger.sessions.set(sessionId, { id: sessionId, ended: false });
      const wish = { sessionId, options: sessionOptions, signal: stop };
      try {
        await insist(() => connector.createSession('tester', options.project, wish));
      } catch (error) {
        // It was made, nobody heard of it, and its time was over before the call came through again.
        if (!(error instanceof ConnectorError) || error.code !== 'SESSION_NOT_ACTIVE') throw error;
      }
    },
    async ask(sessionId, key, content) {
      const message = ledger.add({ session_id: sessionId, key, content });
      const place = nextPlace(sessionId);
      await settle(message, () => answerOf(message));
      if (message.message_id !== null) ledger.accepted(message, message.message_id, place);
      return message;
    },
    async askInARow(sessionId, wanted) {
      const sent: SentMessage[] = [];
      for (const { key, content } of wanted) {
        const message = ledger.add({ session_id: sessionId, key, content });
        message.tries += 1;
        try {
          const accepted = await insist(() =>
            connector.sendMessage(sessionId, content, undefined, { idempotencyKey: key, signal: stop }),
          );
          ledger.accepted(message, accepted.id, nextPlace(sessionId));
          sent.push(message);
        } catch (error) {
          stop.throwIfAborted();
          if (!(error instanceof ConnectorError)) throw error;
          ledger.answered(message, { refused: error.code });
        }
      }
      for (const message of sent) await settle(message, () => answerOf(message));
    },
    async disconnect(sessionId) {
      try {
        await insist(() => connector.disconnectSession(sessionId));
      } catch (error) {
        if (!(error instanceof ConnectorError)) throw error;
      }
      const session = ledger.sessions.get(sessionId);
      if (session !== undefined) session.ended = true;
    },
  };
}
