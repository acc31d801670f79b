import { delimiter } from 'node:path';

/** One configuration key: what it may hold, its default, and how a variable's text becomes its value. */
export interface Key<T> {
  /** Whether a parsed value is allowed. A predicate and no schema: loading zod would take a fifth of a quick command's time. */
  accepts: (value: unknown) => value is T;
  fallback: T;
  /** What is allowed, in words that complete "must be …". */
  allowed: string;
  /** What it is for, in one line. */
  about: string;
  /** Never printed. */
  secret: boolean;
  /** Turns the text of an environment variable into what is checked. */
  fromText: (text: string) => unknown;
}

/** A whole number from `min` to `max`. */
export function wholeNumber(fallback: number, min: number, max: number, about: string): Key<number> {
  return {
    accepts: (value): value is number =>
      Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max,
    fallback,
    allowed: `a whole number from ${min} to ${max}`,
    about,
    secret: false,
    fromText: (text) => (/^\s*[+-]?\d+\s*$/.test(text) ? Number(text) : text),
  };
}

/** Any text; empty stands for "not set". */
export function text(fallback: string, about: string): Key<string> {
  return { accepts: isText, fallback, allowed: 'a text', about, secret: false, fromText: (value) => value };
}

/** A text that is never shown. */
export function secretText(about: string): Key<string> {
  return { ...text('', about), secret: true };
}

/** A host name or address to listen on. */
export function hostName(fallback: string, about: string): Key<string> {
  return {
    ...text(fallback, about),
    accepts: (value): value is string =>
      isText(value) && /^(\[?[0-9a-f:.]+\]?|[a-z0-9]([a-z0-9.-]*[a-z0-9])?)$/i.test(value),
    allowed: 'a host name or an address',
  };
}

/** A URL with one of the schemes; empty is allowed where the default is empty. */
export function address(fallback: string, schemes: readonly string[], about: string): Key<string> {
  const fits = (value: string): boolean => {
    if (value === '') return fallback === '';
    if (!URL.canParse(value)) return false;
    const url = new URL(value);
    return schemes.includes(url.protocol.slice(0, -1)) && url.hostname !== '';
  };
  return {
    ...text(fallback, about),
    accepts: (value): value is string => isText(value) && fits(value),
    allowed: `a URL that begins with ${schemes.map((scheme) => `${scheme}://`).join(' or ')}`,
  };
}

/** One of a few words. */
export function choice<const T extends string>(values: readonly T[], fallback: NoInfer<T>, about: string): Key<T> {
  return {
    accepts: (value): value is T => values.some((allowed) => allowed === value),
    fallback,
    allowed: values
      .map((value) => `"${value}"`)
      .join(', ')
      .replace(/, ([^,]*)$/, ' or $1'),
    about,
    secret: false,
    fromText: (value) => value,
  };
}

/** True or false. */
export function flag(fallback: boolean, about: string): Key<boolean> {
  const words: Record<string, boolean> = { true: true, '1': true, false: false, '0': false };
  return {
    accepts: (value): value is boolean => typeof value === 'boolean',
    fallback,
    allowed: 'true or false',
    about,
    secret: false,
    fromText: (value) => words[value.trim().toLowerCase()] ?? value,
  };
}

/** Absolute folders; in a variable they are separated like those of PATH. */
export function folders(about: string): Key<string[]> {
  return {
    accepts: (value): value is string[] =>
      Array.isArray(value) && value.every((one) => isText(one) && /^(\/|[A-Za-z]:[\\/])/.test(one)),
    fallback: [],
    allowed: `a list of absolute folders (in a variable separated by "${delimiter}")`,
    about,
    secret: false,
    fromText: (value) => value.split(delimiter).filter((part) => part !== ''),
  };
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}
