import { nanoToUsd } from '../../domain/money/money.ts';
import type { NanoUsd } from '../../domain/money/money.ts';

/** Turns stored money into the `cost_usd` that leaves the system. */
export type ShowCost = (nano: NanoUsd | null) => number | null;

/** Shows dollars where costs are tracked and they are known, else null. */
export function makeShowCost(trackCosts: boolean): ShowCost {
  return (nano) => (trackCosts && nano !== null ? nanoToUsd(nano) : null);
}
