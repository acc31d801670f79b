import { UsageError } from 'clipanion';

/** Reads an option's value as a whole number above zero; throws `UsageError` with the option's name. */
export function wholeNumber(option: string, text: string): number {
  const number = Number(text);
  if (/^\d+$/.test(text) && number > 0 && Number.isSafeInteger(number)) return number;
  throw new UsageError(`${option} ${text} must be a whole number above zero`);
}

/** Reads an option's value as one of those that are known; throws `UsageError` with the option's name. */
export function oneOf<T extends string>(option: string, text: string, known: readonly T[]): T {
  const found = known.find((one) => one === text);
  if (found === undefined) throw new UsageError(`${option} ${text} must be one of ${known.join(', ')}`);
  return found;
}

const UNIT_MS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Reads a time in the future as ISO 8601: `45m`, `12h` or `30d` from now, or a date; throws `UsageError` with the option's name. */
export function timeAhead(option: string, text: string, now: number): string {
  const [, count, unit = ''] = /^(\d{1,6})([mhd])$/.exec(text) ?? [];
  const at = count === undefined ? Date.parse(text) : now + Number(count) * (UNIT_MS[unit] ?? 0);
  if (at > now) return new Date(at).toISOString();
  throw new UsageError(
    `${option} ${text} must be 45m, 12h, 30d or the like, or a date in the future such as 2030-01-31`,
  );
}
