import { createParser } from 'eventsource-parser';
import type { EventSourceMessage } from 'eventsource-parser';

/** An event as it came: its name, its id, and the JSON in it. */
export interface StreamEvent {
  event: string | undefined;
  id: string | undefined;
  data: Record<string, unknown>;
}

/** A reader of server-sent events. */
export interface EventStreamClient {
  status: number;
  events: StreamEvent[];
  comments: string[];
  /** Resolves when so many events were read, or the stream ended. */
  until(wanted: (events: StreamEvent[]) => boolean): Promise<void>;
  /** Resolves when the server ended the stream. */
  ended: Promise<void>;
  hangUp(): void;
}

/** Opens a stream and reads it in the background. */
export async function readEvents(url: string, headers: Record<string, string> = {}): Promise<EventStreamClient> {
  const stop = new AbortController();
  const response = await fetch(url, { headers: { accept: 'text/event-stream', ...headers }, signal: stop.signal });
  const events: StreamEvent[] = [];
  const comments: string[] = [];
  let isOver = false;
  let wake = (): void => undefined;
  const parser = createParser({
    onEvent: ({ event, id, data }: EventSourceMessage) => {
      events.push({ event, id, data: JSON.parse(data) as Record<string, unknown> });
    },
    onComment: (comment) => comments.push(comment),
  });
  const read = async (): Promise<void> => {
    try {
      const decoder = new TextDecoder();
      for await (const chunk of response.body ?? []) {
        parser.feed(decoder.decode(chunk as Uint8Array, { stream: true }));
        wake();
      }
    } catch (error) {
      if (!stop.signal.aborted) throw error;
    } finally {
      isOver = true;
      wake();
    }
  };
  const ended = read();
  return {
    status: response.status,
    events,
    comments,
    ended,
    hangUp: () => stop.abort(),
    async until(wanted) {
      while (!wanted(events) && !isOver) await new Promise<void>((resolve) => (wake = resolve));
    },
  };
}
