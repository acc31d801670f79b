import { Command, Option } from 'clipanion';
import { AUDITED_ACTIONS } from '../../domain/access/audit.ts';
import type { AuditRecord } from '../../domain/access/audit.ts';
import { withUsers } from '../access/with-users.ts';
import { XswarmCommand } from '../command.ts';
import { oneOf, wholeNumber } from '../option-values.ts';
import { makePaint } from '../output/paint.ts';
import { printableLine } from '../output/printable.ts';
import { formatTable } from '../output/table.ts';

/** `xswarm audit` */
export class AuditCommand extends XswarmCommand {
  static override paths = [['audit']];
  static override values = { '--action': AUDITED_ACTIONS };
  static override usage = Command.Usage({
    category: 'Users and tokens',
    description: 'show who logged in, who was refused, and what administrators changed',
    details:
      'Works on the database of the data folder, whether or not xswarm runs. The newest record is the last line.',
    examples: [
      ['Show the last 50 records', '$0 audit'],
      ['Show what was refused', '$0 audit --refused --limit 200'],
    ],
  });

  user = Option.String('--user', { description: 'Only what this user or person did' });
  action = Option.String('--action', { description: 'Only this action, such as token.revoke' });
  refused = Option.Boolean('--refused', false, { description: 'Only what was refused' });
  limit = Option.String('--limit', '50', { description: 'How many at most (default 50)' });

  override async execute(): Promise<void> {
    const filter = {
      limit: wholeNumber('--limit', this.limit),
      who: this.user,
      action: this.action === undefined ? undefined : oneOf('--action', this.action, AUDITED_ACTIONS),
      outcome: this.refused ? ('refused' as const) : undefined,
    };
    const records = (await withUsers(this.context, ({ audit }) => audit.list(filter))).reverse();
    for (const record of records) this.emit(record);
    if (records.length === 0) {
      this.say('No records yet');
      return;
    }
    const paint = makePaint(this.context.color);
    const table = formatTable<AuditRecord>(
      records,
      [
        { title: 'AT', value: ({ at }) => at.slice(0, 19).replace('T', ' ') },
        { title: 'WHO', value: ({ who }) => printableLine(who ?? '-'), cut: 'end' },
        { title: 'DOOR', value: ({ door, evidence }) => `${door}/${evidence}` },
        { title: 'ACTION', value: ({ action }) => action },
        { title: 'OBJECT', value: ({ object }) => printableLine(object ?? ''), cut: 'end' },
        {
          title: 'OUTCOME',
          value: ({ outcome }) => outcome,
          paint: (text, { outcome }) => (outcome === 'refused' ? paint('yellow', text) : text),
        },
        { title: 'REASON', value: ({ reason }) => printableLine(reason ?? ''), cut: 'end' },
      ],
      this.context.width,
      paint,
    );
    this.say(...table);
  }
}
