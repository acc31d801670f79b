import { z } from 'zod';
import { parse } from './parse.ts';

/** A place in a client's whole stream: how far the summaries were read, and each watched session. */
export interface StreamCursor {
  /** The epoch of the summaries' numbers. */
  epoch: string;
  summary: number;
  /** The last number of each watched session. */
  watch: Record<string, number>;
}

const number = z.number().int().nonnegative();
const streamCursor = z.object({
  epoch: z.string().max(64).default(''),
  summary: number.default(0),
  watch: z.record(z.string().max(128), number).default({}),
});

function decodeJson(text: string): unknown {
  try {
    return JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
  } catch {
    return text;
  }
}

/** The cursor as an SSE id: base64url of its JSON. */
export function encodeCursor(cursor: StreamCursor): string {
  return Buffer.from(JSON.stringify(cursor)).toString('base64url');
}

/** Reads a cursor; throws `INVALID_REQUEST` for what is none. */
export function decodeCursor(text: string): StreamCursor {
  return parse(streamCursor, decodeJson(text), 'header last-event-id');
}
