import { createParser } from 'eventsource-parser';
import type { EventSourceMessage } from 'eventsource-parser';
import { until } from '../until.ts';

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
  /** Resolves when the events read are those wanted, or the stream has ended; fails after 20 s. */
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
      }
    } catch (error) {
      if (!stop.signal.aborted) throw error;
    } finally {
      isOver = true;
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
      await until('the events of the stream', () => wanted(events) || isOver, { seen: () => events });
    },
  };
}
