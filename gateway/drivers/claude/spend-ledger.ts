import type { ApiCall } from './api-calls.ts';
import { makeRates } from './rates.ts';
import type { Rates } from './rates.ts';

/** What a gateway remembers about money between the processes of Claude Code. */
export interface SpendLedger {
  readonly rates: Rates;
  /** An agent is gone and left calls that no result booked. */
  leave(conversationId: string, calls: ApiCall[]): void;
  /** The calls that the last agent of a conversation left. */
  left(conversationId: string): ApiCall[];
  /** They are accounted for. */
  clear(conversationId: string): void;
}

export function makeSpendLedger(): SpendLedger {
  const unbooked = new Map<string, ApiCall[]>();
  return {
    rates: makeRates(),
    leave(conversationId, calls) {
      if (calls.length > 0) unbooked.set(conversationId, calls);
    },
    left: (conversationId) => unbooked.get(conversationId) ?? [],
    clear: (conversationId) => void unbooked.delete(conversationId),
  };
}
