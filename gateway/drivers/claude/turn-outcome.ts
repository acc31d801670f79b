import { INTERRUPTED } from '../../turns/stop-reasons.ts';
import type { TurnEnd } from '../driver.ts';
import type { ClaudeFrame } from './frames.ts';

/** How a turn ended by its result frame; success is `is_error`, not the subtype. `texts` are the blocks it wrote. */
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
