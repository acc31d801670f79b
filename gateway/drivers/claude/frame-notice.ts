import type { ClaudeFrame } from './frames.ts';

/** What a frame says that a reader should know; null for most. */
export function noticeOf(frame: ClaudeFrame): { level: 'info' | 'warning'; text: string } | null {
  if (frame.type === 'conversation_reset') return { level: 'info', text: 'The conversation was cleared' };
  if (frame.type !== 'system') return null;
  if (frame.subtype === 'api_retry') {
    const status = frame.error_status ?? 'no answer';
    const text = `The Claude API gave ${status}; retry ${frame.attempt ?? '?'} of ${frame.max_retries ?? '?'}`;
    return { level: 'warning', text };
  }
  if (frame.subtype === 'compact_boundary') return { level: 'info', text: 'Claude Code compacted the conversation' };
  return null;
}
