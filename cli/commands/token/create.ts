import { Command, Option } from 'clipanion';
import { XswarmCommand } from '../../command.ts';
import { timeAhead } from '../../option-values.ts';
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
      ['Give it a name and an end', '$0 token create ada --name laptop --expires 90d'],
    ],
  });

  name = Option.String('--name', { description: 'What it is for' });
  expires = Option.String('--expires', { description: 'When it ends: 30d, 12h, 45m, or a date; without it never' });
  userId = Option.String({ name: 'user' });

  override async execute(): Promise<void> {
    const expires_at = this.expires === undefined ? undefined : timeAhead('--expires', this.expires, Date.now());
    const { info, secret } = await withUsers(this.context, ({ users, note }) => {
      const created = users.createToken(this.userId, { name: this.name, expires_at });
      note('token.create', created.info.id, `for ${created.info.user_id}`);
      return created;
    });
    this.emit({ ...info, token: secret });
    this.say(secret);
    if (!this.json)
      this.context.stderr.write(
        `Token ${info.id} of ${info.user_id}: it is not shown again${info.expires_at === null ? '' : `; it ends at ${info.expires_at}`}\n`,
      );
  }
}
