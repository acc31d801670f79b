import { Command, Option } from 'clipanion';
import { XswarmCommand } from '../command.ts';
import { withUsers } from '../with-users.ts';

/** `xswarm token revoke` */
export class TokenRevokeCommand extends XswarmCommand {
  static override paths = [['token', 'revoke']];
  static override usage = Command.Usage({
    category: 'Users and tokens',
    description: 'make a token worthless at once',
    examples: [['Revoke a token', '$0 token revoke 6f1c0a2b9d3e4f58']],
  });

  id = Option.String({ name: 'id' });

  override async execute(): Promise<void> {
    await withUsers(this.context, (users) => users.revokeToken(this.id));
    this.emit({ id: this.id, revoked: true });
    this.say(`Revoked ${this.id}`);
  }
}
