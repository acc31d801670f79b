const UNITS: [string, number][] = [
  ['d', 86_400],
  ['h', 3_600],
  ['m', 60],
];

/** Writes how long ago a moment was: `now`, `12s ago`, `5m ago`, `3h ago`, `2d ago`; older than 30 days as a date. */
export function formatAgo(iso: string, now: number): string {
  const seconds = Math.floor((now - Date.parse(iso)) / 1000);
  if (Number.isNaN(seconds)) return iso;
  if (seconds < 2) return 'now';
  if (seconds >= 30 * 86_400) return iso.slice(0, 10);
  const [unit, size] = UNITS.find(([, length]) => seconds >= length) ?? ['s', 1];
  return `${Math.floor(seconds / size)}${unit} ago`;
}

/** Writes a length of time with its two largest units: `45s`, `3m 20s`, `2h 5m`, `4d 1h`. */
export function formatDuration(seconds: number): string {
  const parts: string[] = [];
  let rest = Math.max(0, Math.round(seconds));
  for (const [unit, size] of [...UNITS, ['s', 1] as [string, number]]) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0 && parts.length < 2) parts.push(`${count}${unit}`);
    else if (parts.length > 0) break;
  }
  return parts.length === 0 ? '0s' : parts.join(' ');
}
