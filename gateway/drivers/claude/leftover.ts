import type { Conversation, TurnEnd, UsageCounters } from '../driver.ts';
import { totalCost, usageSince } from './usage.ts';

/**
 * What Claude Code spent and saved after the last result that a gateway saw: in a turn of its own that went on, or was
 * cut off, behind the end of the gateway. Null when all of it is booked.
 */
export function leftoverOf(saved: UsageCounters, { established, counters }: Conversation): TurnEnd | null {
  const usage = established ? (usageSince(saved, counters) ?? []) : [];
  const cost_nano = totalCost(usage);
  if (cost_nano === 0) return null;
  return {
    message_id: null,
    outcome: 'unknown',
    content: '',
    failure: {
      code: 'TURN_UNKNOWN',
      message: 'The agent worked when the gateway had ended; only what it spent is known',
    },
    cost_nano,
    usage,
  };
}
