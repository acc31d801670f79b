import { once } from 'node:events';
import type { Response } from 'express';
import { XswarmError, errors } from '../../domain/errors.ts';
import { toErrorBody, toXswarmError } from '../error-body.ts';
import type { Logger } from '../../domain/logger.ts';
import { requestIdOf } from '../rest/http/request-id.ts';
import { EVENT_STREAM } from '../rest/http/route-spec.ts';

/** One server-sent event; without an id a reconnect does not know of it. */
export interface ServerSentEvent {
  event: string;
  id?: string;
  data: unknown;
}

/** How a stream is kept alive and when its reader is too slow, in milliseconds. */
export interface StreamTiming {
  heartbeatMs: number;
  stallMs: number;
}

function format({ event, id, data }: ServerSentEvent): string {
  return `event: ${event}\n${id === undefined ? '' : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`;
}

/** Writes and waits until the reader has room again; throws `SLOW_READER` when it takes nothing for `stallMs`. */
async function write(res: Response, text: string, stallMs: number, signal: AbortSignal): Promise<void> {
  if (res.write(text) || signal.aborted) return;
  const stop = new AbortController();
  const onEnd = (): void => stop.abort();
  const timer = setTimeout(onEnd, stallMs);
  signal.addEventListener('abort', onEnd);
  try {
    await once(res, 'drain', { signal: stop.signal });
  } catch (error) {
    if (!stop.signal.aborted) throw error;
    if (!signal.aborted) throw errors.slowReader();
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', onEnd);
  }
}

/**
 * Sends events until the source ends, the reader hangs up, or `signal` aborts. A failure is told as `event: error`;
 * a stop of the server as a comment. Resolves when the answer is ended.
 */
export async function sendEvents(
  res: Response,
  events: AsyncIterable<ServerSentEvent>,
  { signal, timing, logger }: { signal: AbortSignal; timing: StreamTiming; logger: Logger },
): Promise<void> {
  res.status(200).set({
    'Content-Type': EVENT_STREAM,
    'Cache-Control': 'no-cache, no-transform',
    'X-Accel-Buffering': 'no',
  });
  if (res.req.method === 'HEAD') return void res.end();
  res.flushHeaders();
  // Without an empty line it belongs to the first event, so that the first frame of the stream is one.
  res.write('retry: 1000\n');
  const heartbeat = setInterval(() => {
    if (!res.writableNeedDrain) res.write(': heartbeat\n\n');
  }, timing.heartbeatMs);
  try {
    for await (const event of events) {
      await write(res, format(event), timing.stallMs, signal);
      if (signal.aborted) break;
    }
    if (signal.reason instanceof XswarmError) res.write(': the server stops\n\n');
  } catch (thrown) {
    const error = toXswarmError(thrown);
    const level = error.code === 'INTERNAL' ? 'error' : 'debug';
    if (!signal.aborted)
      logger[level]({ err: thrown, request_id: requestIdOf(res) }, 'Event stream ends with an error');
    res.write(format({ event: 'error', data: toErrorBody(error, requestIdOf(res)) }));
  } finally {
    clearInterval(heartbeat);
    res.end();
    // A reader that takes nothing never lets the end out.
    const grace = setTimeout(() => res.destroy(), 2_000);
    grace.unref();
    res.once('close', () => clearTimeout(grace));
  }
}
