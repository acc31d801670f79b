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

/** Yields the frames of a response until it ends or `signal` aborts. Throws `ConnectorError` when it breaks or falls silent. */
export async function* readFrames(
  response: Response,
  signal: AbortSignal,
  silenceMs: number = SILENCE_MS,
): AsyncGenerator<SseFrame, void, undefined> {
  if (response.body === null) return;
  let ready: EventSourceMessage[] = [];
  const parser = createParser({ onEvent: (message) => ready.push(message) });
  const decoder = new TextDecoder();
  const reader = response.body.getReader();
  let isSilent = false;
  // The reader is ended by hand: after a garbage collection Node 20 no longer passes a fetch's signal on to the body.
  const end = (): void => void reader.cancel().catch(() => undefined);
  const watchdog = setTimeout(() => {
    isSilent = true;
    end();
  }, silenceMs);
  signal.addEventListener('abort', end, { once: true });
  try {
    for (;;) {
      const { done, value } = (await reader.read()) as { done: boolean; value: Uint8Array };
      if (isSilent) throw new Error('The event stream fell silent');
      if (done || signal.aborted) return;
      watchdog.refresh();
      parser.feed(decoder.decode(value, { stream: true }));
      const messages = ready;
      ready = [];
      for (const { id, event, data } of messages) yield { id, event, data: JSON.parse(data) as unknown };
    }
  } catch (error) {
    throw new ConnectorError('UNAVAILABLE', 'The event stream was cut', { cause: error, reached: 'no_answer' });
  } finally {
    clearTimeout(watchdog);
    signal.removeEventListener('abort', end);
    end();
  }
}
