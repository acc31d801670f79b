import { blocksOf, toolText } from './frames.ts';
import type { ClaudeFrame } from './frames.ts';
import { shorten, summarizeInput } from './permissions.ts';

/** The tool calls that a frame begins, in the words of an event. */
export function callsBegun(frame: ClaudeFrame): { tool_use_id: string; tool: string; summary: string }[] {
  return blocksOf(frame).flatMap(({ type, id = '', name: tool = 'tool', input }) =>
    type === 'tool_use' ? [{ tool_use_id: id, tool, summary: summarizeInput(tool, input) }] : [],
  );
}

/** The tool calls whose results a frame brings. */
export function callsEnded(frame: ClaudeFrame): { tool_use_id: string; is_error: boolean; summary: string }[] {
  return blocksOf(frame).flatMap(({ type, tool_use_id = '', is_error, content }) =>
    type === 'tool_result' ? [{ tool_use_id, is_error: is_error === true, summary: shorten(toolText(content)) }] : [],
  );
}
