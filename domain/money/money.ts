/** Integer nano-dollars (1e-9 US dollar): the only unit in which money is stored, added and compared. */
export type NanoUsd = number;

const NANO_PER_USD = 1_000_000_000;

/** Converts a dollar amount to whole nano-dollars, rounding to the nearest. Throws `RangeError` on what is no amount. */
export function usdToNano(usd: number): NanoUsd {
  const nano = Math.round(usd * NANO_PER_USD);
  if (!Number.isSafeInteger(nano) || nano < 0) throw new RangeError(`Cannot convert ${String(usd)} to nano-dollars`);
  return nano;
}

/** Converts nano-dollars to the JSON number that the contract calls `cost_usd`. */
export function nanoToUsd(nano: NanoUsd): number {
  return nano / NANO_PER_USD;
}
