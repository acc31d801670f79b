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
