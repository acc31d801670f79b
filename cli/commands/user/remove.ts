import { Command, Option } from 'clipanion';
import { XswarmCommand } from '../../command.ts';
import { withUsers } from '../../access/with-users.ts';

/** `xswarm user remove` */
export class UserRemoveCommand extends XswarmCommand {
  static override paths = [['user', 'remove']];
  static override usage = Command.Usage({
    category: 'Users and tokens',
    description: 'remove a user without open sessions, and their tokens',
    details:
      'Tokens, logins, open sockets and streams of the user end within 15 s. Ended sessions stay in the history.',
    examples: [['Remove a user', '$0 user remove ada']],
  });

  id = Option.String({ name: 'id' });

  override async execute(): Promise<void> {
    const removed = await withUsers(this.context, ({ users, note }) => {
      const gone = users.remove(this.id);
      note('user.remove', this.id);
      return gone;
    });
    this.emit({ id: this.id, removed: true, ...removed });
    this.say(
      `Removed ${this.id}: ${removed.tokens} tokens and ${removed.logins} logins end within 15 s`,
      `${removed.sessions} ended sessions stay; only administrators see them`,
    );
  }
}
