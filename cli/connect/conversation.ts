import type { Subscribed } from '../../client/subscribe.ts';
import type { Paint } from '../output/paint.ts';
import { printable, printableLine } from '../output/printable.ts';
import { formatDuration } from '../output/time.ts';
import { cutLine, wrapWords } from '../output/wrap.ts';
import { FRESH, printEvent } from './turn-printer.ts';
import type { PrinterState } from './turn-printer.ts';

/** A message that waits: typed here and on its way (`id` null), or accepted. */
export interface Waiting {
  id: string | null;
  content: string;
}

/** What a terminal shows of a conversation. Pure: `hear` returns the lines that are final, `liveLines` what may still change. */
export interface Conversation {
  printer: PrinterState;
  /** The unfinished last line of the text that streams. */
  partial: string;
  running: { messageId: string | null; since: number; tools: { id: string; text: string }[] } | null;
  waiting: Waiting[];
  /** The message whose turn was begun last. */
  lastMessageId: string | null;
  ended: boolean;
}

/** A conversation of which nothing is known yet. */
export const SILENT: Conversation = {
  printer: FRESH,
  partial: '',
  running: null,
  waiting: [],
  lastMessageId: null,
  ended: false,
};

/** Lines to write for good, and the conversation after them. */
export interface Heard {
  lines: string[];
  conversation: Conversation;
}

/** Takes an event in; `width` is the number of columns to wrap at. */
export function hear(before: Conversation, event: Subscribed, width: number, paint: Paint): Heard {
  const { conversation, lines } = follow(before, event, width, paint);
  const printed = printEvent(conversation.printer, event, paint);
  const flowed = flow({ ...conversation, printer: printed.state }, printed.text, width);
  return { conversation: flowed.conversation, lines: [...lines, ...flowed.lines] };
}

/** Takes in that pieces of the text that streams may have been lost: with a connection, or before it was opened. */
export function tearOff(conversation: Conversation): Conversation {
  return { ...conversation, printer: { ...conversation.printer, torn: conversation.running !== null } };
}

/** Takes in a message that was typed here. */
export function typedHere(conversation: Conversation, content: string): Conversation {
  return { ...conversation, waiting: [...conversation.waiting, { id: null, content }] };
}

/** Takes in that a message typed here was accepted under an id, or refused (null). */
export function accepted(conversation: Conversation, content: string, id: string | null): Conversation {
  const { waiting, lastMessageId } = conversation;
  const index = waiting.findIndex((one) => one.id === null && one.content === content);
  if (index === -1) return conversation;
  // The events of a message may be faster than the answer to the call that sent it.
  const isKnown = id === null || id === lastMessageId || waiting.some((one) => one.id === id);
  return { ...conversation, waiting: isKnown ? waiting.toSpliced(index, 1) : waiting.with(index, { id, content }) };
}

/** Follows which turn is running and which messages wait. */
function follow(conversation: Conversation, event: Subscribed, width: number, paint: Paint): Heard {
  const { waiting, running } = conversation;
  switch (event.type) {
    case 'queued': {
      if (waiting.some(({ id }) => id === event.message_id)) return { lines: [], conversation };
      const index = waiting.findIndex(({ id, content }) => id === null && content === event.content);
      const added = { id: event.message_id, content: event.content };
      const next = index === -1 ? [...waiting, added] : waiting.with(index, added);
      return { lines: [], conversation: { ...conversation, waiting: next } };
    }
    case 'sent': {
      const message = waiting.find(({ id }) => id === event.message_id);
      const next: Conversation = {
        ...conversation,
        waiting: waiting.filter((one) => one !== message),
        lastMessageId: event.message_id,
        running: { messageId: event.message_id, since: Date.parse(event.timestamp), tools: [] },
      };
      if (message === undefined) return { lines: [], conversation: next };
      return { lines: questionLines(message.content, width, paint), conversation: next };
    }
    case 'tool_started': {
      const turn = running ?? { messageId: event.message_id, since: Date.parse(event.timestamp), tools: [] };
      const text = `${printableLine(event.tool)}: ${printableLine(event.summary)}`;
      const tools = [...turn.tools, { id: event.tool_use_id, text }];
      return { lines: [], conversation: { ...conversation, running: { ...turn, tools } } };
    }
    case 'tool_finished': {
      if (running === null) return { lines: [], conversation };
      const tools = running.tools.filter(({ id }) => id !== event.tool_use_id);
      return { lines: [], conversation: { ...conversation, running: { ...running, tools } } };
    }
    case 'text_delta':
    case 'text': {
      // A turn that Claude began by itself has no message.
      if (running !== null || conversation.ended) return { lines: [], conversation };
      return {
        lines: [],
        conversation: { ...conversation, running: { messageId: null, since: Date.now(), tools: [] } },
      };
    }
    case 'result': {
      const left = waiting.filter(({ id }) => id === null || id !== event.message_id);
      return { lines: [], conversation: { ...conversation, waiting: left, running: null } };
    }
    case 'closed':
      return { lines: [], conversation: { ...conversation, running: null, waiting: [], ended: true } };
    default:
      return { lines: [], conversation };
  }
}

function questionLines(content: string, width: number, paint: Paint): string[] {
  const rows = printable(content)
    .split('\n')
    .flatMap((line) => wrapWords(line, width - 2));
  return rows.map((row, index) => paint('cyan', `${index === 0 ? '>' : ' '} ${row}`));
}

/** Adds text to the unfinished line; rows that are full or end are final. */
function flow(conversation: Conversation, text: string, width: number): Heard {
  if (text === '') return { lines: [], conversation };
  const rows = (conversation.partial + text).split('\n').map((line) => wrapWords(line, width));
  const last = rows.at(-1) ?? [''];
  const lines = [...rows.slice(0, -1).flat(), ...last.slice(0, -1)];
  return { lines, conversation: { ...conversation, partial: last.at(-1) ?? '' } };
}

const FRAMES = [...'⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏'];
const MOST_QUEUED = 5;

/** Returns the lines above the prompt that may still change: the unfinished text, what waits, and the running turn. */
export function liveLines(conversation: Conversation, now: number, width: number, paint: Paint): string[] {
  const { partial, waiting, running } = conversation;
  const shown = waiting.slice(0, MOST_QUEUED).map(({ id, content }) => {
    const state = id === null ? 'sending' : 'queued';
    return paint('dim', cutLine(`  ${state}: ${printableLine(content)}`, width));
  });
  const more = waiting.length > MOST_QUEUED ? [paint('dim', `  and ${waiting.length - MOST_QUEUED} more queued`)] : [];
  const status = running === null ? [] : [statusLine(running, now, width, paint)];
  return [...(partial === '' ? [] : [partial]), ...status, ...shown, ...more];
}

function statusLine(
  { since, tools }: NonNullable<Conversation['running']>,
  now: number,
  width: number,
  paint: Paint,
): string {
  const seconds = Math.max(0, Math.floor((now - since) / 1000));
  const frame = FRAMES[Math.floor(now / 100) % FRAMES.length] ?? '';
  const tool = tools.at(-1);
  const more = tools.length > 1 ? ` and ${tools.length - 1} more` : '';
  const doing = tool === undefined ? '' : ` · ${tool.text}${more}`;
  return paint('dim', cutLine(`${frame} Working ${formatDuration(seconds)}${doing} · Ctrl-C stops`, width));
}
