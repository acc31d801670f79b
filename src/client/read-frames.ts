import { createParser } from 'eventsource-parser';
import type { EventSourceMessage } from 'eventsource-parser';
import { ConnectorError } from './connector-error.ts';

/** One frame of an event stream, its data parsed as JSON. */
export interface SseFrame {
  id: string | undefined;
  event: string | undefined;
  data: unknown;
}

/** The server sends a comment every 15 s; a stream that is silent for three of them is dead. */
const SILENCE_MS = 45_000;

/** Yields the frames of a response until it ends. Throws `ConnectorError` when it breaks or falls silent. */
export async function* readFrames(
  response: Response,
  attempt: Pick<AbortController, 'abort'>,
  silenceMs: number = SILENCE_MS,
): AsyncGenerator<SseFrame, void, undefined> {
  if (response.body === null) return;
  let ready: EventSourceMessage[] = [];
  const parser = createParser({ onEvent: (message) => ready.push(message) });
  const decoder = new TextDecoder();
  const watchdog = setTimeout(() => attempt.abort(new Error('the stream fell silent')), silenceMs);
  try {
    for await (const chunk of response.body) {
      watchdog.refresh();
      parser.feed(decoder.decode(chunk as Uint8Array, { stream: true }));
      const messages = ready;
      ready = [];
      for (const message of messages) {
        yield { id: message.id, event: message.event, data: JSON.parse(message.data) as unknown };
      }
    }
  } catch (error) {
    if (error instanceof ConnectorError) throw error;
    throw new ConnectorError('UNAVAILABLE', 'The event stream was cut', { cause: error, reached: 'no_answer' });
  } finally {
    clearTimeout(watchdog);
  }
}
