import { nanoToUsd } from '../../domain/money/money.ts';
import type { RecentTurn, SessionState } from './session-state.ts';
import { interactionsOf, statusOf } from './session-state.ts';
import { preview, reasonOf } from './session-views.ts';

const WAITING_SHOWN = 5;

/** What an operator reads in Temporal's Web UI, in Markdown: state, money, the queue and the last turns; internals come last. */
export function detailsMarkdown(state: SessionState): string {
  const sections = [overview(state), asked(state), queue(state), turns(state), debug(state)];
  return sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n');
}

function overview(state: SessionState): string[] {
  const reason = reasonOf(state);
  const unpriced = state.unpriced_turns > 0 ? `, plus ${state.unpriced_turns} of unknown cost` : '';
  const rows = [
    ['project', `\`${state.project_path}\``],
    ['user', state.user_id],
    ['agent', `${state.agent ?? 'not connected yet'}${state.simulated ? ' (simulated answers)' : ''}`],
    ['cost', `$${nanoToUsd(state.cost_nano)} in ${state.turn_count} turns${unpriced}`],
    ['messages', `${state.message_count} accepted, ${state.queue.length} waiting`],
    ['last activity', state.last_activity],
  ];
  if (state.background_tasks > 0) rows.push(['background tasks', String(state.background_tasks)]);
  return [
    `**${statusOf(state)}**${reason === null ? '' : `: ${escaped(reason)}`}`,
    '',
    '| | |',
    '|---|---|',
    ...rows.map(([name, value]) => `| ${name} | ${value} |`),
  ];
}

function asked(state: SessionState): string[] {
  const { open } = interactionsOf(state);
  if (open.length === 0) return [];
  const lines = open.map(({ title, created_at }) => `- ${escaped(title)} (since ${created_at})`);
  return ['**Waits for a person:**', '', ...lines];
}

function queue({ current, queue: waiting }: SessionState): string[] {
  const lines = current === null ? [] : [`**Running:** ${escaped(preview(current))}`];
  if (waiting.length === 0) return lines;
  const more = waiting.length - WAITING_SHOWN;
  return [
    ...lines,
    ...(lines.length > 0 ? [''] : []),
    '**Waiting:**',
    '',
    ...waiting.slice(0, WAITING_SHOWN).map((message, index) => `${index + 1}. ${escaped(preview(message))}`),
    ...(more > 0 ? ['', `and ${more} more`] : []),
  ];
}

function turns({ recent }: SessionState): string[] {
  if (recent.length === 0) return [];
  return ['**Last turns, newest first:**', '', ...recent.flatMap(turnLines)];
}

function turnLines(turn: RecentTurn): string[] {
  const cost = turn.cost_nano === null ? 'cost unknown' : `$${nanoToUsd(turn.cost_nano)}`;
  const answer = turn.preview || (turn.failure?.message ?? '');
  return [
    `- **${escaped(turn.question ?? 'By itself')}**`,
    `  ${escaped(answer.replace(/\s+/g, ' '))}`,
    `  *${turn.outcome}, ${cost}, ${turn.finished_at}*`,
  ];
}

/** What only somebody who looks for a fault in xswarm needs. */
function debug(state: SessionState): string[] {
  return ['**Debug**', '', `lease epoch ${state.epoch}, cursor ${state.cursor}, snapshot version ${state.version}`];
}

function escaped(text: string): string {
  return text.replace(/[`*_|<>[\]]/g, '\\$&');
}
