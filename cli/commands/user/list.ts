import { Command } from 'clipanion';
import { XswarmCommand } from '../../command.ts';
import { makePaint } from '../../output/paint.ts';
import { formatTable } from '../../output/table.ts';
import { formatAgo } from '../../output/time.ts';
import { withUsers } from '../../access/with-users.ts';

/** `xswarm user list` */
export class UserListCommand extends XswarmCommand {
  static override paths = [['user', 'list']];
  static override usage = Command.Usage({
    category: 'Users and tokens',
    description: 'list the users',
    examples: [['List the users', '$0 user list']],
  });

  override async execute(): Promise<void> {
    const users = await withUsers(this.context, (people) => people.users.list());
    for (const user of users) this.emit(user);
    if (users.length === 0) {
      this.say('No users yet: `xswarm user add <id>` adds one');
      return;
    }
    const now = Date.now();
    const table = formatTable(
      users,
      [
        { title: 'USER', value: (user) => user.id },
        { title: 'ADMIN', value: (user) => (user.admin ? 'yes' : '') },
        { title: 'PHONE', value: (user) => user.phone ?? '' },
        { title: 'EMAIL', value: (user) => user.email ?? '', cut: 'end' },
        { title: 'PROJECT', value: (user) => user.default_project ?? '', cut: 'start' },
        { title: 'ADDED', value: (user) => formatAgo(user.created_at, now) },
      ],
      this.context.width,
      makePaint(this.context.color),
    );
    this.say(...table);
  }
}
