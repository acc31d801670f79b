import type { Subscribed } from '../../client/subscribe.ts';
import { formatUsd } from '../../domain/money/format-usd.ts';
import type { Paint } from '../output/paint.ts';
import { printable, printableLine } from '../output/printable.ts';
import { askLines } from './answer-here.ts';

/** What was written of the block that streams now, and whether the last line is unfinished. */
export interface PrinterState {
  streamed: string;
  midLine: boolean;
  /** Whether pieces of the block may be missing; then nothing more is written until the block is finished. */
  torn: boolean;
}

/** The state before anything was written. */
export const FRESH: PrinterState = { streamed: '', midLine: false, torn: false };

/** Text to write for an event, and the state after it. */
export interface Printed {
  text: string;
  state: PrinterState;
}

/** Turns an event into text for a terminal: words as they are written, tools as lines, the cost at the end. */
export function printEvent(state: PrinterState, event: Subscribed, paint: Paint): Printed {
  if (event.type === 'text_delta') {
    if (state.torn) return { text: '', state };
    const text = printable(event.text);
    return { text, state: { ...state, streamed: state.streamed + text, midLine: endsMidLine(text, state.midLine) } };
  }
  if (event.type === 'text') return finishBlock(state, printable(event.text));
  const line = lineOf(event, paint);
  if (line === null) return { text: '', state };
  // Words may overtake the line of a tool: the block that they began is finished behind it.
  const isOver = event.type === 'result' || event.type === 'closed';
  const text = `${state.midLine ? '\n' : ''}${line}\n`;
  return { text, state: isOver ? FRESH : { ...state, midLine: false } };
}

/** Writes the part of a finished block that the stream has not shown: all of it where the stream was cut from its beginning. */
function finishBlock(state: PrinterState, block: string): Printed {
  if (block.startsWith(state.streamed)) {
    const rest = block.slice(state.streamed.length);
    const text = endsMidLine(rest, state.midLine) ? `${rest}\n` : rest;
    return { text, state: FRESH };
  }
  // Pieces were lost with a connection: go on from where what is shown stops being right.
  let same = 0;
  while (same < state.streamed.length && state.streamed[same] === block[same]) same += 1;
  const mark = same === 0 ? '' : '…';
  return { text: `${state.midLine ? '\n' : ''}${mark}${block.slice(same)}\n`, state: FRESH };
}

function lineOf(event: Exclude<Subscribed, { type: 'text' | 'text_delta' }>, paint: Paint): string | null {
  switch (event.type) {
    case 'tool_started':
      return paint('dim', `⚙ ${printableLine(event.tool)}: ${printableLine(event.summary)}`);
    case 'tool_finished':
      return event.is_error ? paint('red', `✗ ${printableLine(event.summary)}`) : null;
    case 'permission':
      return paint(
        'yellow',
        `${event.decision}: ${printableLine(event.tool)} ${printableLine(event.summary)}`.trimEnd(),
      );
    case 'interaction':
      return askLines(event.interaction, paint).join('\n');
    case 'background':
      return event.tasks > 0 ? paint('dim', `${event.tasks} background tasks run`) : null;
    case 'notice':
      return paint(event.level === 'warning' ? 'yellow' : 'dim', printableLine(event.text));
    case 'result':
      return resultLine(event, paint);
    case 'closed':
      return paint('dim', `The session ended: ${printableLine(event.reason)}`);
    case 'status':
      return event.status === 'error'
        ? paint('red', `Error: ${printableLine(event.reason ?? 'the agent is lost')}`)
        : null;
    default:
      return null;
  }
}

function resultLine(event: Extract<Subscribed, { type: 'result' }>, paint: Paint): string {
  const label = event.simulated ? ' · simulated' : '';
  const cost = paint('dim', `${formatUsd(event.cost_usd)}${label}`);
  if (event.outcome === 'done') return cost;
  const reason = printableLine(event.error?.message ?? `the turn ended as ${event.outcome}`);
  return `${paint('red', reason)} ${cost}`;
}

function endsMidLine(text: string, before: boolean): boolean {
  return text === '' ? before : !text.endsWith('\n');
}
