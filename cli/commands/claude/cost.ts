import { Command, Option } from 'clipanion';
import type { CostFilter, CostReport } from '../../../domain/service-data.ts';
import { XswarmCommand } from '../../command.ts';
import { formatUsd } from '../../../domain/money/format-usd.ts';
import { makePaint } from '../../output/paint.ts';
import { printableLine } from '../../output/printable.ts';
import { formatTable } from '../../output/table.ts';
import { oneOf } from '../../option-values.ts';

const GROUPS = ['day', 'project', 'model', 'user'] as const;

/** `xswarm claude cost` */
export class ClaudeCostCommand extends XswarmCommand {
  static override paths = [['claude', 'cost']];
  static override values = { '--group-by': GROUPS };
  static override usage = Command.Usage({
    category: 'Sessions',
    description: 'show what a user, or everybody, spent',
    examples: [
      ['Show all costs', '$0 claude cost'],
      ['Show what one user spent', '$0 claude cost user123'],
      ['Show it by day since a moment', '$0 claude cost --since 2026-01-01 --group-by day'],
    ],
  });

  since = Option.String('--since', { description: 'Only what was spent from this moment on (ISO 8601)' });
  until = Option.String('--until', { description: 'Only what was spent before this moment (ISO 8601)' });
  groupBy = Option.String('--group-by', { description: `One of ${GROUPS.join(', ')}` });
  userId = Option.String({ name: 'user_id', required: false });

  override async execute(): Promise<void> {
    const filter = this.filter();
    const connector = await this.connector();
    const report =
      this.userId === undefined
        ? await connector.getTotalCost(filter)
        : await connector.getUserCost(this.userId, filter);
    this.emit(report);
    this.say(...this.lines(report));
  }

  private filter(): CostFilter {
    return {
      ...(this.since !== undefined && { since: this.since }),
      ...(this.until !== undefined && { until: this.until }),
      ...(this.groupBy !== undefined && { group_by: oneOf('--group-by', this.groupBy, GROUPS) }),
    };
  }

  private lines(report: CostReport): string[] {
    const paint = makePaint(this.context.color);
    const who = this.userId ?? 'Everybody';
    const counts = `${some(report.session_count, 'session')}, ${some(report.message_count, 'message')}`;
    const total = `${who}: ${paint('bold', formatUsd(report.cost_usd))} ${paint('dim', `(${counts})`)}`;
    if (report.cost_usd === null) return [`${who}: costs are not tracked (${counts})`];
    if (report.groups === undefined) return [total];
    const table = formatTable(
      report.groups,
      [
        { title: (this.groupBy ?? '').toUpperCase(), value: (group) => printableLine(group.key), cut: 'start' },
        { title: 'COST', value: (group) => formatUsd(group.cost_usd), align: 'right' },
        { title: 'SESSIONS', value: (group) => String(group.session_count), align: 'right' },
        { title: 'MESSAGES', value: (group) => String(group.message_count), align: 'right' },
      ],
      this.context.width,
      paint,
    );
    return [...table, total];
  }
}

function some(count: number, thing: string): string {
  return `${count} ${thing}${count === 1 ? '' : 's'}`;
}
