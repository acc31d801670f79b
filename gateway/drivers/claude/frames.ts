import { INTERRUPTED } from '../../turns/stop-reasons.ts';
import type { TurnEnd } from '../driver.ts';
import { shorten, summarizeInput } from './permissions.ts';

/** A block of a message, as far as the gateway reads it. */
export interface ContentBlock {
  type: string;
  id?: string;
  text?: string;
  name?: string;
  input?: unknown;
  tool_use_id?: string;
  content?: unknown;
  is_error?: boolean;
}

/** A call's token counts, in the words of the Messages API. */
export interface TokenCounts {
  input_tokens?: number;
  output_tokens?: number;
  cache_read_input_tokens?: number;
  cache_creation_input_tokens?: number;
  cache_creation?: { ephemeral_1h_input_tokens?: number };
  server_tool_use?: { web_search_requests?: number };
  speed?: string;
}

/** An event of the Messages API, as far as the gateway reads it. */
export interface StreamEvent {
  type?: string;
  message?: { id?: string; model?: string; usage?: TokenCounts };
  delta?: { type?: string; text?: string; thinking?: string; partial_json?: string };
  usage?: TokenCounts;
}

/**
 * What Claude Code sends, as far as the gateway reads it. The SDK's own type leaves out frames and fields that
 * it delivers all the same, so everything is optional here and unknown types are passed over.
 */
export interface ClaudeFrame {
  type: string;
  subtype?: string;
  session_id?: string;
  uuid?: string;
  parent_tool_use_id?: string | null;
  message?: { id?: string; model?: string; usage?: TokenCounts; content?: string | ContentBlock[] };
  error?: unknown;
  event?: StreamEvent;
  command_uuid?: string;
  state?: string;
  tasks?: unknown[];
  tool_name?: string;
  tool_use_id?: string;
  attempt?: number;
  max_retries?: number;
  error_status?: number | null;
  is_error?: boolean;
  result?: string;
  errors?: string[];
  terminal_reason?: string;
  /** `tool_deferred` for a turn that waits for a person. */
  stop_reason?: string;
  origin?: { kind?: string };
  user_message_uuid?: string;
  user_message_uuids?: string[];
  modelUsage?: unknown;
  model_usage_since_last_result?: unknown;
}

/** A message's blocks, whichever of its two forms it has. */
export function blocksOf(frame: ClaudeFrame): ContentBlock[] {
  const content = frame.message?.content;
  if (typeof content === 'string') return [{ type: 'text', text: content }];
  return Array.isArray(content) ? content : [];
}

/** The texts of a tool's result. */
export function toolText(content: unknown): string {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return '';
  return (content as ContentBlock[]).map((block) => block.text ?? `[${block.type}]`).join(' ');
}

/** The notice that a frame is worth; null for most frames. */
export function noticeOf(frame: ClaudeFrame): { level: 'info' | 'warning'; text: string } | null {
  if (frame.type === 'conversation_reset') return { level: 'info', text: 'The conversation was cleared' };
  if (frame.type !== 'system') return null;
  if (frame.subtype === 'api_retry') {
    const problem = (frame.error_status ?? null) === null ? 'did not answer' : `answered ${frame.error_status}`;
    const text = `The Claude API ${problem}; retry ${frame.attempt ?? '?'} of ${frame.max_retries ?? '?'}`;
    return { level: 'warning', text };
  }
  if (frame.subtype === 'compact_boundary') return { level: 'info', text: 'Claude Code compacted the conversation' };
  return null;
}

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

/** How a turn ended. `is_error` decides, not the subtype. `texts` are the blocks of text that it wrote. */
export function outcomeOf(frame: ClaudeFrame, texts: string[]): Pick<TurnEnd, 'outcome' | 'content' | 'failure'> {
  const answer = frame.result || texts.at(-1) || '';
  if (frame.is_error !== true && frame.subtype === 'success')
    return { outcome: 'done', content: answer, failure: null };
  const partial = texts.join('\n\n');
  if (frame.terminal_reason?.startsWith('aborted')) {
    return { outcome: 'failed', content: partial, failure: INTERRUPTED };
  }
  const words = frame.result || frame.errors?.join('; ') || frame.subtype || 'Claude Code reported an error';
  return { outcome: 'failed', content: partial, failure: { code: 'TURN_FAILED', message: words } };
}
