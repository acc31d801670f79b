/** Writes US dollars for people: two decimals, more for small amounts so that what is not zero never looks like it. */
export function formatUsd(usd: number | null): string {
  if (usd === null) return '—';
  if (usd === 0) return '$0.00';
  const digits = usd >= 1 ? 2 : Math.min(9, 2 - Math.floor(Math.log10(usd)));
  const fixed = usd.toFixed(Math.max(2, digits));
  if (Number(fixed) === 0) return '<$0.000000001';
  return `$${fixed.replace(/(\.\d\d\d*?)0+$/, '$1')}`;
}
