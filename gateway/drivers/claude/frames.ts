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
