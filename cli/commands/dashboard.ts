import { spawn } from 'node:child_process';
import { Command, Option } from 'clipanion';
import { XswarmCommand } from '../command.ts';
import { defaultUser } from '../access/default-user.ts';
import { withUsers } from '../access/with-users.ts';

/** `xswarm dashboard` */
export class DashboardCommand extends XswarmCommand {
  static override paths = [['dashboard']];
  static override usage = Command.Usage({
    category: 'Running',
    description: 'print and open a link that logs a browser in to the dashboard',
    details: 'The link works once, within a minute. In a terminal it is opened too; --no-open only prints it.',
    examples: [
      ['Open the dashboard', '$0 dashboard'],
      ['Print a link for another device', '$0 dashboard --no-open'],
    ],
  });

  user = Option.String('--user', { description: 'Who is logged in' });
  noOpen = Option.Boolean('--no-open', false, { description: 'Only print the link' });

  override async execute(): Promise<void> {
    const { pageUrl } = await import('../../host/run/next-steps.ts');
    const { serverUrlOf } = await import('../access/connector-of.ts');
    const { loadClientConfig } = await import('../../host/config/load.ts');
    const { config } = loadClientConfig(this.context);
    const userId = await defaultUser(this.user, this.context);
    const { code, expires_at } = await withUsers(this.context, ({ logins, note }) => {
      const created = logins.createCode(userId);
      note('login.code', userId);
      return created;
    });
    const url = `${pageUrl(config, await serverUrlOf(this.context))}/#code=${code}`;
    this.emit({ url, user_id: userId, expires_at });
    this.say(url);
    if (!this.json && !this.noOpen && this.context.stdinIsTerminal) open(url);
  }
}

/** Opens an address in the browser of this desktop; where there is none the printed link is enough. */
function open(url: string): void {
  const openers = { darwin: ['open'], win32: ['rundll32', 'url.dll,FileProtocolHandler'] } as Partial<
    Record<NodeJS.Platform, string[]>
  >;
  const [command = 'xdg-open', ...args] = openers[process.platform] ?? [];
  spawn(command, [...args, url], { detached: true, stdio: 'ignore' })
    .on('error', () => undefined)
    .unref();
}
