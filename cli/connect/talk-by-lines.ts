import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import type { ClaudeCodeConnector } from '../../client/connector.ts';

/** What a conversation by lines needs. */
export interface LineTalk {
  connector: ClaudeCodeConnector;
  sessionId: string;
  stdin: Readable;
  stdout: Writable;
  stderr: Writable;
  /** Write the session's events as JSON lines instead of the answers. */
  json: boolean;
}

/**
 * Sends each line of stdin as a message, one after the other, and writes the answers in that order until stdin ends.
 * Returns 1 when a turn failed, else 0.
 */
export async function talkByLines(talk: LineTalk): Promise<number> {
  const events = talk.json ? await startEvents(talk) : null;
  let failed = false;
  let lastMessage: string | null = null;
  for await (const line of createInterface({ input: talk.stdin, crlfDelay: Infinity })) {
    if (line.trim() === '') continue;
    const response = await talk.connector.ask(talk.sessionId, line);
    lastMessage = response.message_id;
    if (events === null)
      talk.stdout.write(response.content.endsWith('\n') ? response.content : `${response.content}\n`);
    if (response.status === 'done') continue;
    failed = true;
    talk.stderr.write(`${response.error?.message ?? `The turn ended as ${response.status}`}\n`);
  }
  await events?.finish(lastMessage);
  return failed ? 1 : 0;
}

/** How long the result's event may come after the answer. */
const LAST_EVENT_MS = 10_000;

/** Writes the events from now on; `finish` resolves when the result of the last message was written. */
async function startEvents(talk: LineTalk): Promise<{ finish(messageId: string | null): Promise<void> }> {
  const stop = new AbortController();
  const settled = new Set<string>();
  const after = await talk.connector.lastEventNumber(talk.sessionId);
  let wanted: string | null = null;

  const writing = (async () => {
    for await (const event of talk.connector.subscribe(talk.sessionId, { after, signal: stop.signal })) {
      talk.stdout.write(`${JSON.stringify(event)}\n`);
      if (event.type !== 'result' || event.message_id === null) continue;
      settled.add(event.message_id);
      if (event.message_id === wanted) stop.abort();
    }
  })();
  // Its failure is thrown by `finish`; until then it must not count as unhandled.
  writing.catch(() => undefined);

  return {
    async finish(messageId) {
      wanted = messageId;
      if (messageId === null || settled.has(messageId)) stop.abort();
      const limit = setTimeout(() => stop.abort(), LAST_EVENT_MS);
      try {
        await writing;
      } finally {
        clearTimeout(limit);
      }
    },
  };
}
