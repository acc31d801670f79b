import { z } from 'zod';

/** A whole number out of a query string; anything else is left as it is, so that the error can name it. */
export function queryInteger(min: number, max: number): z.ZodType<number> {
  return z.preprocess(
    (value) => (typeof value === 'string' && /^-?\d{1,16}$/.test(value) ? Number(value) : value),
    z.number().int().min(min).max(max),
  );
}

/** How many items a page has. */
export const limit = queryInteger(1, 200).default(50).describe('Items a page');

/** Where the next page begins: the `next_cursor` of the page before. */
export const cursor = z.string().min(1).max(1024).describe('The next_cursor of the page before');

/** A time of the caller's, any offset or a bare date, turned into UTC with milliseconds. */
export const queryTime = z
  .union([z.iso.datetime({ offset: true }), z.iso.date()], 'an ISO 8601 date or time')
  .transform((value) => new Date(value).toISOString())
  .describe('ISO 8601 time or date');
