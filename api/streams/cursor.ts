import { z } from 'zod';

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

/** The cursor of a stream that nobody has read from yet, in no epoch. */
const NOWHERE: StreamCursor = { epoch: '', summary: 0, watch: {} };

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

/**
 * Reads a cursor. What is none is a place that is not kept, so that a reader with an id from elsewhere is told of a gap:
 * an error would stop it for good, since it comes back with the same id.
 */
export function decodeCursor(text: string): StreamCursor {
  const result = streamCursor.safeParse(decodeJson(text));
  return result.success ? result.data : NOWHERE;
}
