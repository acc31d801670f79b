import type { SessionEvent } from '../../domain/session/event.ts';
import type { MessageStatus, TurnOutcome } from '../../domain/session/turn.ts';

/** One row of a transcript, in the order in which things happened. `key` never changes. */
export type Row =
  | {
      kind: 'prompt';
      key: string;
      seq: number;
      at: string;
      messageId: string;
      text: string;
      status: MessageStatus;
      /** When the agent got it; null while it waits. */
      sentAt: string | null;
    }
  | { kind: 'answer'; key: string; seq: number; at: string; messageId: string | null; text: string; live: boolean }
  | {
      kind: 'tool';
      key: string;
      seq: number;
      at: string;
      messageId: string | null;
      tool: string;
      summary: string;
      /** Null while it runs. */
      endedAt: string | null;
      isError: boolean;
      result: string | null;
    }
  | {
      kind: 'permission';
      key: string;
      seq: number;
      at: string;
      tool: string;
      decision: 'allowed' | 'denied';
      summary: string;
    }
  | { kind: 'notice'; key: string; seq: number; at: string; level: 'info' | 'warning'; text: string }
  | { kind: 'status'; key: string; seq: number; at: string; text: string; isError: boolean }
  | {
      kind: 'result';
      key: string;
      seq: number;
      at: string;
      messageId: string | null;
      outcome: TurnOutcome;
      costUsd: number | null;
      simulated: boolean;
      error: string | null;
      /** When the agent got the message; null where that is not loaded. */
      startedAt: string | null;
    };

/** What is known of a session's stream: a part of it without a hole, and the rows that it makes. Plain JSON. */
export interface Transcript {
  sessionId: string;
  /** The loaded events; `events[i].seq` counts up by one. */
  events: SessionEvent[];
  rows: Row[];
  /** Text that is being written, by message (`''` for a turn that the agent began by itself). */
  live: Readonly<Record<string, string>>;
}

/** A text that is written at this moment. */
export interface Delta {
  session_id: string;
  message_id: string | null;
  text: string;
}

/** A session of which nothing is loaded. */
export function emptyTranscript(sessionId: string): Transcript {
  return { sessionId, events: [], rows: [], live: {} };
}

/** The number of the newest loaded event; 0 without one. */
export function lastSeq(transcript: Transcript): number {
  return transcript.events.at(-1)?.seq ?? 0;
}

/** The number of the oldest loaded event; 0 without one. */
export function firstSeq(transcript: Transcript): number {
  return transcript.events[0]?.seq ?? 0;
}

/**
 * Adds events behind the loaded ones. What is loaded already changes nothing. At a hole it stops and says so: the events from
 * `lastSeq` on must be read again.
 */
export function appendEvents(
  transcript: Transcript,
  incoming: readonly SessionEvent[],
): { transcript: Transcript; hole: boolean } {
  let last = lastSeq(transcript);
  const fresh: SessionEvent[] = [];
  let hole = false;
  for (const event of incoming) {
    if (event.seq <= last) continue;
    if (event.seq > last + 1) {
      hole = true;
      break;
    }
    fresh.push(event);
    last = event.seq;
  }
  if (fresh.length === 0) return { transcript, hole };
  const fold = new Fold(transcript.rows);
  let live = transcript.live;
  for (const event of fresh) {
    fold.add(event);
    if (event.type === 'text' || event.type === 'result') live = without(live, event.message_id ?? '');
    if (event.type === 'closed') live = {};
  }
  return { transcript: { ...transcript, events: [...transcript.events, ...fresh], rows: fold.rows, live }, hole };
}

/** Adds an older page before the loaded events; what does not join on is left out. */
export function prependEvents(transcript: Transcript, older: readonly SessionEvent[]): Transcript {
  const first = firstSeq(transcript);
  const before = first === 0 ? older : older.filter((event) => event.seq < first);
  if (before.length === 0 || (first !== 0 && before.at(-1)?.seq !== first - 1)) return transcript;
  const events = [...before, ...transcript.events];
  const fold = new Fold([]);
  for (const event of events) fold.add(event);
  return { ...transcript, events, rows: fold.rows };
}

/** Adds text that is being written; it is replaced by the finished block. */
export function appendDeltas(transcript: Transcript, deltas: readonly Delta[]): Transcript {
  if (deltas.length === 0) return transcript;
  const live = { ...transcript.live };
  for (const { message_id, text } of deltas) live[message_id ?? ''] = (live[message_id ?? ''] ?? '') + text;
  return { ...transcript, live };
}

/** What the stream brought of a session, in its order. */
export type LiveItem = { event: SessionEvent } | { delta: Delta };

/** Applies what came live, one run of events or of text after the other. */
export function applyLive(
  transcript: Transcript,
  items: readonly LiveItem[],
): { transcript: Transcript; hole: boolean } {
  let now = transcript;
  let hole = false;
  for (let start = 0, end = 0; start < items.length && !hole; start = end) {
    const first = items[start] as LiveItem;
    end = start + 1;
    while (end < items.length && 'event' in (items[end] as LiveItem) === 'event' in first) end += 1;
    const run = items.slice(start, end);
    if ('delta' in first)
      now = appendDeltas(
        now,
        run.flatMap((item) => ('delta' in item ? [item.delta] : [])),
      );
    else
      ({ transcript: now, hole } = appendEvents(
        now,
        run.flatMap((item) => ('event' in item ? [item.event] : [])),
      ));
  }
  return { transcript: now, hole };
}

/** The rows to show: what happened, then the text that is being written. */
export function visibleRows({ rows, live, events }: Transcript): Row[] {
  const written = Object.entries(live).filter(([, text]) => text !== '');
  if (written.length === 0) return rows;
  const last = events.at(-1);
  return [
    ...rows,
    ...written.map(([messageId, text]): Row => {
      const at = last?.timestamp ?? '';
      return { kind: 'answer', key: `live:${messageId}`, seq: last?.seq ?? 0, at, messageId, text, live: true };
    }),
  ];
}

function without(live: Transcript['live'], key: string): Transcript['live'] {
  if (live[key] === undefined) return live;
  const { [key]: _, ...rest } = live;
  return rest;
}

/** Makes rows of events, one after another; a row that a later event completes is replaced, never changed. */
class Fold {
  readonly rows: Row[];
  readonly #place = new Map<string, number>();

  constructor(rows: readonly Row[]) {
    this.rows = [...rows];
    for (const [index, { key }] of rows.entries()) this.#place.set(key, index);
  }

  add(event: SessionEvent): void {
    const { seq, timestamp: at } = event;
    switch (event.type) {
      case 'queued':
        this.#put({
          kind: 'prompt',
          key: event.message_id,
          seq,
          at,
          messageId: event.message_id,
          text: event.content,
          status: 'queued',
          sentAt: null,
        });
        return;
      case 'sent':
        this.#setPrompt(event.message_id, { status: 'sent', sentAt: at });
        return;
      case 'text':
        this.#put({
          kind: 'answer',
          key: `text:${seq}`,
          seq,
          at,
          messageId: event.message_id,
          text: event.text,
          live: false,
        });
        return;
      case 'tool_started': {
        const { tool_use_id: key, message_id: messageId, tool, summary } = event;
        this.#put({
          kind: 'tool',
          key,
          seq,
          at,
          messageId,
          tool,
          summary,
          endedAt: null,
          isError: false,
          result: null,
        });
        return;
      }
      case 'tool_finished': {
        const { tool_use_id: key, message_id: messageId, is_error: isError, summary: result } = event;
        const started = this.#at(key);
        const row: Extract<Row, { kind: 'tool' }> =
          started?.kind === 'tool'
            ? { ...started, endedAt: at, isError, result }
            : { kind: 'tool', key, seq, at, messageId, tool: 'Tool', summary: '', endedAt: at, isError, result };
        this.#put(row);
        return;
      }
      case 'permission': {
        const { tool, decision, summary } = event;
        this.#put({ kind: 'permission', key: `permission:${seq}`, seq, at, tool, decision, summary });
        return;
      }
      case 'notice':
        this.#put({ kind: 'notice', key: `notice:${seq}`, seq, at, level: event.level, text: event.text });
        return;
      case 'result':
        this.#addResult(event);
        return;
      case 'closed': {
        const isError = event.status === 'error';
        const text = `${isError ? 'The session failed' : 'The session ended'}: ${event.reason}`;
        this.#put({ kind: 'status', key: `closed:${seq}`, seq, at, text, isError });
        return;
      }
      default:
        // The status, totals and background tasks are shown elsewhere; a later version's events are unknown here.
        return;
    }
  }

  #addResult(event: Extract<SessionEvent, { type: 'result' }>): void {
    const { seq, timestamp: at, message_id: messageId, outcome, content, simulated } = event;
    if (content !== '' && !this.#wasSaid(messageId)) {
      this.#put({ kind: 'answer', key: `content:${seq}`, seq, at, messageId, text: content, live: false });
    }
    if (messageId !== null) this.#setPrompt(messageId, { status: outcome });
    this.#endTools(messageId, at);
    const prompt = messageId === null ? undefined : this.#at(messageId);
    this.#put({
      kind: 'result',
      key: `result:${seq}`,
      seq,
      at,
      messageId,
      outcome,
      costUsd: event.cost_usd,
      simulated,
      error: event.error?.message ?? null,
      startedAt: prompt?.kind === 'prompt' ? prompt.sentAt : null,
    });
  }

  /** Whether a block of this turn's answer is among the rows, so that the result's text would repeat it. */
  #wasSaid(messageId: string | null): boolean {
    for (let index = this.rows.length - 1; index >= 0; index -= 1) {
      const row = this.rows[index];
      if (row?.kind === 'answer' && row.messageId === messageId) return true;
      if (row?.kind === 'prompt' && row.messageId === messageId) return false;
      if (row?.kind === 'result' && messageId === null) return false;
    }
    return false;
  }

  /** A tool whose end was never reported ended with its turn at the latest. */
  #endTools(messageId: string | null, at: string): void {
    for (let index = this.rows.length - 1; index >= 0; index -= 1) {
      const row = this.rows[index];
      if (row?.kind === 'result') return;
      if (row?.kind === 'tool' && row.messageId === messageId && row.endedAt === null) {
        this.rows[index] = { ...row, endedAt: at };
      }
    }
  }

  #at(key: string): Row | undefined {
    const index = this.#place.get(key);
    return index === undefined ? undefined : this.rows[index];
  }

  #setPrompt(messageId: string, change: { status: MessageStatus; sentAt?: string }): void {
    const row = this.#at(messageId);
    if (row?.kind === 'prompt') this.#put({ ...row, ...change });
  }

  #put(row: Row): void {
    const index = this.#place.get(row.key);
    if (index !== undefined) {
      this.rows[index] = row;
      return;
    }
    this.#place.set(row.key, this.rows.length);
    this.rows.push(row);
  }
}
