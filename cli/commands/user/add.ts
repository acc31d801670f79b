import { resolve } from 'node:path';
import { Command, Option } from 'clipanion';
import { XswarmCommand } from '../../command.ts';
import { withUsers } from '../../access/with-users.ts';

/** `xswarm user add` */
export class UserAddCommand extends XswarmCommand {
  static override paths = [['user', 'add']];
  static override usage = Command.Usage({
    category: 'Users and tokens',
    description: 'add a user',
    details: 'Works on the database of the data folder, whether or not xswarm runs.',
    examples: [
      ['Add a user', '$0 user add ada'],
      [
        'Add an admin whose messages are routed',
        '$0 user add ada --phone +15550100 --email ada@example.org --admin --project ~/work/shop',
      ],
    ],
  });

  phone = Option.String('--phone', { description: 'Number that their SMS come from' });
  email = Option.String('--email', { description: 'Address that their mail comes from' });
  admin = Option.Boolean('--admin', false, { description: 'May see everything; messages are routed to Claude Code' });
  project = Option.String('--project', { description: 'Folder of sessions that routing begins' });
  id = Option.String({ name: 'id' });

  override async execute(): Promise<void> {
    const user = await withUsers(this.context, ({ users, note }) => {
      const added = users.add({
        id: this.id,
        admin: this.admin,
        ...(this.phone !== undefined && { phone: this.phone }),
        ...(this.email !== undefined && { email: this.email }),
        ...(this.project !== undefined && { default_project: resolve(this.context.cwd, this.project) }),
      });
      note('user.add', added.id, added.admin ? 'an admin' : undefined);
      return added;
    });
    this.emit(user);
    this.say(`Added ${user.id}${user.admin ? ', an admin' : ''}`);
  }
}
