import { Command, Option, UsageError } from 'clipanion';
import { XswarmCommand } from '../../command.ts';
import { withUsers } from '../../access/with-users.ts';

/** `xswarm token revoke` */
export class TokenRevokeCommand extends XswarmCommand {
  static override paths = [['token', 'revoke']];
  static override usage = Command.Usage({
    category: 'Users and tokens',
    description: 'revoke a token; it stops working at once',
    details: 'Open sockets, streams and waiting calls of the token end within 15 s.',
    examples: [['Revoke a token', '$0 token revoke 6f1c0a2b9d3e4f58']],
  });

  id = Option.String({ name: 'id' });

  override async execute(): Promise<void> {
    const id = await withUsers(this.context, ({ users, note }) => {
      const ids = users.listTokens().map((token) => token.id);
      const matching = ids.includes(this.id) ? [this.id] : ids.filter((one) => one.startsWith(this.id));
      if (matching.length > 1) throw new UsageError(`${matching.length} token ids begin with "${this.id}"`);
      const found = matching[0] ?? this.id;
      users.revokeToken(found);
      note('token.revoke', found);
      return found;
    });
    this.emit({ id, revoked: true });
    this.say(`Revoked ${id}`);
  }
}
