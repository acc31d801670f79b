import { Command, Option } from 'clipanion';
import type { ShownInteraction } from '../../../domain/control/interaction.ts';
import { XswarmCommand } from '../../command.ts';
import { makePaint } from '../../output/paint.ts';
import { printableLine } from '../../output/printable.ts';
import { formatTable } from '../../output/table.ts';
import { formatAgo } from '../../output/time.ts';

/** `xswarm inbox` */
export class InboxCommand extends XswarmCommand {
  static override paths = [['inbox']];
  static override usage = Command.Usage({
    category: 'Approvals',
    description: 'list what waits for a person, oldest first',
    details: 'A session that waits costs nothing and runs no process. It waits until somebody answers.',
    examples: [
      ['List what waits', '$0 inbox'],
      ['List what one session waits for', '$0 inbox --session s-42'],
    ],
  });

  session = Option.String('--session', { description: 'Only of this session' });
  user = Option.String('--user', { description: 'Only of sessions of this user' });

  override async execute(): Promise<void> {
    const connector = await this.connector();
    const found: ShownInteraction[] = [];
    for await (const one of connector.interactions({ user_id: this.user, session_id: this.session })) found.push(one);
    for (const interaction of found) this.emit(interaction);
    if (found.length === 0) return this.say('Nothing waits for you');
    const now = Date.now();
    const table = formatTable(
      found,
      [
        { title: 'NO', value: ({ number }) => String(number), align: 'right' },
        { title: 'KIND', value: ({ kind }) => kind },
        { title: 'WHAT', value: ({ title }) => printableLine(title), cut: 'end' },
        { title: 'SESSION', value: ({ session_id }) => session_id, cut: 'end' },
        { title: 'SINCE', value: ({ created_at }) => formatAgo(created_at, now) },
      ],
      this.context.width,
      makePaint(this.context.color),
    );
    this.say(...table, 'Answer with `xswarm approve <no>`, `xswarm deny <no>` or `xswarm answer <no> <text>`');
  }
}
