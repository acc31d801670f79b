import { errors } from '../../domain/errors.ts';

/** A frame before its type is known. */
export type RawFrame = Record<string, unknown>;

/** The JSON object in a text frame; throws `INVALID_REQUEST` for anything else. */
export function readFrame(data: Buffer, isBinary: boolean): RawFrame {
  if (isBinary) throw errors.invalidRequest('Invalid frame: expected a text frame, got a binary one');
  let frame: unknown;
  try {
    frame = JSON.parse(data.toString('utf8'));
  } catch (error) {
    throw errors.invalidRequest(`Invalid frame: expected JSON, got ${(error as Error).message}`);
  }
  if (typeof frame === 'object' && frame !== null && !Array.isArray(frame)) return frame as RawFrame;
  throw errors.invalidRequest('Invalid frame: expected an object with a "type"');
}

/** The id that the answer repeats; none when it is not a text or a number. */
export function requestIdIn(frame: RawFrame): string | number | undefined {
  const { request_id: id } = frame;
  if (typeof id === 'string' && id.length <= 128) return id;
  return typeof id === 'number' ? id : undefined;
}
