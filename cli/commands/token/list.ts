import { Command, Option } from 'clipanion';
import type { TokenInfo } from '../../../domain/access/user.ts';
import { XswarmCommand } from '../../command.ts';
import { makePaint } from '../../output/paint.ts';
import { printableLine } from '../../output/printable.ts';
import { formatTable } from '../../output/table.ts';
import { formatAgo } from '../../output/time.ts';
import { withUsers } from '../../access/with-users.ts';

/** `xswarm token list` */
export class TokenListCommand extends XswarmCommand {
  static override paths = [['token', 'list']];
  static override usage = Command.Usage({
    category: 'Users and tokens',
    description: 'list the API tokens, of one user or of all',
    examples: [['List the tokens of a user', '$0 token list ada']],
  });

  userId = Option.String({ name: 'user', required: false });

  override async execute(): Promise<void> {
    const tokens = await withUsers(this.context, ({ users }) => users.listTokens(this.userId));
    for (const token of tokens) this.emit(token);
    if (tokens.length === 0) {
      this.say('No tokens yet: `xswarm token create <user>` makes one');
      return;
    }
    const now = Date.now();
    const table = formatTable(
      tokens,
      [
        { title: 'TOKEN', value: (token) => token.id },
        { title: 'USER', value: (token) => token.user_id },
        { title: 'NAME', value: (token) => printableLine(token.name ?? ''), cut: 'end' },
        { title: 'MADE', value: (token) => formatAgo(token.created_at, now) },
        { title: 'LAST USED', value: ({ last_used_at: at }) => (at === null ? 'never' : formatAgo(at, now)) },
        {
          title: 'EXPIRES',
          value: ({ expires_at: at }) => (at === null ? 'never' : at.slice(0, 16).replace('T', ' ')),
        },
        { title: 'STATE', value: (token) => stateOf(token, now) },
      ],
      this.context.width,
      makePaint(this.context.color),
    );
    this.say(...table);
  }
}

function stateOf({ revoked_at, expires_at }: TokenInfo, now: number): string {
  if (revoked_at !== null) return 'revoked';
  return expires_at !== null && now >= Date.parse(expires_at) ? 'expired' : 'valid';
}
