import type { Session } from '../../domain/service-data.ts';
import { formatUsd } from '../../domain/money/format-usd.ts';
import { paintStatus } from './paint.ts';
import type { Paint } from './paint.ts';
import { printableLine } from './printable.ts';
import { formatAgo, formatDuration } from './time.ts';

/** Describes one session, a fact a line. */
export function sessionDetails(session: Session, now: number, paint: Paint): string[] {
  const seconds = (Date.parse(session.ended_at ?? new Date(now).toISOString()) - Date.parse(session.started_at)) / 1000;
  const reason = session.reason === null ? '' : ` (${printableLine(session.reason)})`;
  const facts: [string, string | null][] = [
    ['Session', session.id],
    ['Title', session.title],
    ['Status', `${paintStatus(paint, session.status)}${reason}`],
    ['Running', runningOf(session, now)],
    ['Error', session.error === null ? null : `${session.error.code}: ${printableLine(session.error.message)}`],
    ['User', session.user_id],
    ['Project', printableLine(session.project_path)],
    ['Agent', agentOf(session)],
    ['Cost', formatUsd(session.cost_usd)],
    ['Messages', `${session.message_count}${session.queued > 0 ? `, ${session.queued} waiting` : ''}`],
    ['Started', `${session.started_at} (${formatAgo(session.started_at, now)})`],
    ['Ended', session.ended_at],
    ['Duration', formatDuration(seconds)],
    ['Last activity', formatAgo(session.last_activity, now)],
    ['Delivery', session.at_least_once ? 'at least once: the agent server is a plain one' : null],
  ];
  return facts.flatMap(([name, value]) => (value === null ? [] : [`${paint('dim', name.padEnd(14))}${value}`]));
}

function agentOf(session: Session): string | null {
  if (session.agent === null) return null;
  return session.simulated ? `${session.agent} (answers are simulated)` : session.agent;
}

/** What the running turn does and for how long; null where none is running. */
function runningOf({ running }: Session, now: number): string | null {
  if (running === null) return null;
  const seconds = (now - Date.parse(running.since)) / 1000;
  const summary = running.summary === '' ? '' : `: ${printableLine(running.summary)}`;
  return `for ${formatDuration(seconds)}${summary}`;
}
