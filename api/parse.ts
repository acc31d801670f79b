import type { z } from 'zod';
import { errors } from '../domain/errors.ts';

const MAX_SHOWN = 80;
const MAX_ISSUES = 3;

function show(value: unknown): string {
  if (value === undefined) return 'nothing';
  // Not JSON.stringify: what nests too deep for the schema nests too deep for it as well.
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'an array' : 'an object';
  const text = JSON.stringify(value) ?? typeof value;
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}… (${text.length} characters)` : text;
}

function valueAt(input: unknown, path: PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, key) =>
      typeof value === 'object' && value !== null ? (value as Record<PropertyKey, unknown>)[key] : undefined,
    input,
  );
}

function wanted(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_type') return `expected ${issue.expected}`;
  if (issue.code === 'invalid_value')
    return `expected ${issue.values.map((value) => JSON.stringify(value)).join(', ')}`;
  if (issue.code === 'unrecognized_keys') return `unknown field ${issue.keys.map((key) => `"${key}"`).join(', ')}`;
  if (issue.code === 'too_small')
    return `expected at least ${issue.minimum} ${issue.origin === 'string' ? 'characters' : ''}`.trim();
  if (issue.code === 'too_big')
    return `expected at most ${issue.maximum} ${issue.origin === 'string' ? 'characters' : ''}`.trim();
  return `expected ${issue.message}`;
}

function describe(issue: z.core.$ZodIssue, input: unknown, where: string): string {
  const field = issue.path.length === 0 ? where : `${where} ${issue.path.map(String).join('.')}`;
  if (issue.code === 'unrecognized_keys') return `${field}: ${wanted(issue)}`;
  return `${field}: ${wanted(issue)}, got ${show(valueAt(input, issue.path))}`;
}

/**
 * Turns what came from outside into what the schema promises.
 * Throws `INVALID_REQUEST` that names the field, what was wanted, and what it was.
 */
export function parse<T extends z.ZodType>(schema: T, input: unknown, where: string): z.output<T> {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  const { issues } = result.error;
  const told = issues.slice(0, MAX_ISSUES).map((issue) => describe(issue, input, where));
  const more = issues.length > MAX_ISSUES ? [`and ${issues.length - MAX_ISSUES} more`] : [];
  throw errors.invalidRequest(`Invalid ${[...told, ...more].join('; ')}`);
}
