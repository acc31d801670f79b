import { Command, Option } from 'clipanion';
import { XswarmCommand } from '../../command.ts';
import { withUsers } from '../../access/with-users.ts';

/** `xswarm user remove` */
export class UserRemoveCommand extends XswarmCommand {
  static override paths = [['user', 'remove']];
  static override usage = Command.Usage({
    category: 'Users and tokens',
    description: 'remove a user without open sessions, and their tokens',
    examples: [['Remove a user', '$0 user remove ada']],
  });

  id = Option.String({ name: 'id' });

  override async execute(): Promise<void> {
    await withUsers(this.context, (users) => users.remove(this.id));
    this.emit({ id: this.id, removed: true });
    this.say(`Removed ${this.id}`);
  }
}
