import { errors } from '../../domain/errors.ts';

/** What a caller gets to ask for the next page: opaque, and only good for the list it came from. */
export function toCursor(list: string, key: number): string {
  return Buffer.from(`${list}:${key}`).toString('base64url');
}

/** The key in a caller's cursor. Throws `INVALID_REQUEST` when it is not one of this list. */
export function fromCursor(list: string, cursor: string): number {
  const [name, digits = ''] = Buffer.from(cursor, 'base64url').toString().split(':');
  const key = Number(digits);
  if (name !== list || !/^\d{1,15}$/.test(digits)) {
    throw errors.invalidRequest(
      `cursor: "${cursor.slice(0, 64)}" is none of this list: use next_cursor of the page before`,
    );
  }
  return key;
}
