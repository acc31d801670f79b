import { Command, Option } from 'clipanion';
import { XswarmCommand } from '../../command.ts';
import { withUsers } from '../../access/with-users.ts';

/** `xswarm token create` */
export class TokenCreateCommand extends XswarmCommand {
  static override paths = [['token', 'create']];
  static override usage = Command.Usage({
    category: 'Users and tokens',
    description: 'make an API token for a user',
    details: 'The token is shown once, here, and stored as a hash. It can do what the user can do.',
    examples: [
      ['Make a token and use it', 'export XSWARM_TOKEN=$($0 token create ada)'],
      ['Give it a name', '$0 token create ada --name laptop'],
    ],
  });

  name = Option.String('--name', { description: 'What it is for' });
  userId = Option.String({ name: 'user' });

  override async execute(): Promise<void> {
    const { info, secret } = await withUsers(this.context, (users) => users.createToken(this.userId, this.name));
    this.emit({ ...info, token: secret });
    this.say(secret);
    if (!this.json) this.context.stderr.write(`Token ${info.id} of ${info.user_id}: it is not shown again\n`);
  }
}
