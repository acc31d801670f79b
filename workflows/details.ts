import { nanoToUsd } from '../domain/money.ts';
import type { SessionState } from './session-state.ts';

const WAITING_SHOWN = 5;

/** What an operator reads in the Temporal Web UI: state, money and the last turns, in Markdown, without whole bodies. */
export function detailsMarkdown(state: SessionState): string {
  const lines = [
    `**${state.status}**${state.reason === null ? '' : `: ${state.reason}`}`,
    '',
    `| | |`,
    `|---|---|`,
    `| project | \`${state.project_path}\` |`,
    `| user | ${state.user_id} |`,
    `| agent | ${state.agent ?? 'not connected yet'}${state.simulated ? ' (simulated answers)' : ''} |`,
    `| cost | ${formatUsd(state)} in ${state.turn_count} turns |`,
    `| messages | ${state.message_count} accepted, ${state.queue.length} waiting |`,
    `| last activity | ${state.last_activity} |`,
    `| lease | epoch ${state.epoch}, event ${state.cursor} |`,
  ];
  if (state.background_tasks > 0) lines.push(`| background tasks | ${state.background_tasks} |`);
  if (state.current !== null) lines.push('', `Running: \`${state.current.message_id}\``);
  if (state.queue.length > 0) {
    const shown = state.queue.slice(0, WAITING_SHOWN).map((message) => `\`${message.message_id}\``);
    const more = state.queue.length - shown.length;
    lines.push('', `Waiting: ${shown.join(', ')}${more > 0 ? ` and ${more} more` : ''}`);
  }
  if (state.recent.length > 0) {
    lines.push('', 'Last turns, newest first:', '');
    for (const turn of state.recent) {
      const cost = turn.cost_nano === null ? 'cost not known' : `$${nanoToUsd(turn.cost_nano)}`;
      lines.push(
        `- ${turn.finished_at} **${turn.outcome}** ${cost}: ${oneLine(turn.preview || (turn.failure?.message ?? ''))}`,
      );
    }
  }
  return lines.join('\n');
}

function formatUsd(state: SessionState): string {
  const unpriced = state.unpriced_turns > 0 ? ` (${state.unpriced_turns} turns could not be priced)` : '';
  return `$${nanoToUsd(state.cost_nano)}${unpriced}`;
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').replace(/[`*_|<>[\]]/g, '\\$&');
}
