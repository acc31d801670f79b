import type { Session } from '../../domain/service-data.ts';
import { formatUsd } from '../../domain/money/format-usd.ts';
import { paintStatus } from './paint.ts';
import type { Paint } from './paint.ts';
import { printableLine } from './printable.ts';
import { formatTable } from './table.ts';
import { formatAgo, formatDuration } from './time.ts';

/** Lays sessions out as a table with a line of sums below. */
export function sessionTable(sessions: Session[], now: number, width: number | null, paint: Paint): string[] {
  const table = formatTable(
    sessions,
    [
      { title: 'SESSION', value: (session) => session.id },
      {
        title: 'STATUS',
        value: (session) => session.status + work(session, now),
        paint: (_, session) => paintStatus(paint, session.status) + work(session, now),
      },
      { title: 'USER', value: (session) => session.user_id, cut: 'end' },
      { title: 'PROJECT', value: (session) => printableLine(session.project_path), cut: 'start' },
      { title: 'MESSAGES', value: (session) => String(session.message_count), align: 'right' },
      { title: 'COST', value: (session) => formatUsd(session.cost_usd), align: 'right' },
      { title: 'LAST ACTIVITY', value: (session) => formatAgo(session.last_activity, now) },
    ],
    width,
    paint,
  );
  return [...table, paint('dim', sums(sessions))];
}

/** How long the running turn has taken, and how many messages wait. */
function work({ running, queued }: Session, now: number): string {
  const time = running === null ? '' : ` ${formatDuration((now - Date.parse(running.since)) / 1000)}`;
  return time + (queued > 0 ? ` +${queued}` : '');
}

function sums(sessions: Session[]): string {
  const known = sessions.flatMap(({ cost_usd: cost }) => (cost === null ? [] : [cost]));
  const cost = known.length === 0 ? '' : `, ${formatUsd(known.reduce((sum, one) => sum + one, 0))}`;
  const simulated = sessions.some((session) => session.simulated) ? ' (simulated answers among them)' : '';
  return `${sessions.length} ${sessions.length === 1 ? 'session' : 'sessions'}${cost}${simulated}`;
}
