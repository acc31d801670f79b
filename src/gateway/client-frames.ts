import type { RawData } from 'ws';
import { clientFrame } from './protocol.ts';
import type { ClientFrame } from './protocol.ts';

/** A frame, or what is wrong with it. */
export function parseFrame(data: RawData): ClientFrame | string {
  let json: unknown;
  try {
    json = JSON.parse((data as Buffer).toString('utf8'));
  } catch {
    return 'The frame is not JSON';
  }
  const parsed = clientFrame.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  return `The frame is not valid: ${issue?.path.join('.') || 'frame'}: ${issue?.message ?? 'unknown'}`;
}

/** The request id of a frame that may be wrong in all else. */
export function requestIdOf(data: RawData): number | undefined {
  try {
    const { request_id } = JSON.parse((data as Buffer).toString('utf8')) as { request_id?: unknown };
    return Number.isInteger(request_id) && (request_id as number) >= 0 ? (request_id as number) : undefined;
  } catch {
    return undefined;
  }
}
