import { resolve } from 'node:path';
import { Command, Option, UsageError } from 'clipanion';
import { offerTrust, settingsLines } from '../../access/review-project.ts';
import { XswarmCommand } from '../../command.ts';
import { printableLine } from '../../output/printable.ts';

/** `xswarm project trust` */
export class ProjectTrustCommand extends XswarmCommand {
  static override paths = [['project', 'trust']];
  static override usage = Command.Usage({
    category: 'Projects',
    description: 'trust the settings of a folder: hooks, MCP servers, allow rules',
    details: `
      Lists what Claude Code would run in the folder and asks. Sessions there load the settings from the next connection to
      their agent on, until a file of the settings changes. Without a terminal, \`--yes\` is the answer.
    `,
    examples: [
      ['Look at the settings of this folder and trust them', '$0 project trust'],
      ['Trust a folder from a script', '$0 project trust ~/work/shop --yes'],
    ],
  });

  yes = Option.Boolean('--yes', false, { description: 'Trust without asking' });
  folder = Option.String({ name: 'dir', required: false });

  override async execute(): Promise<number> {
    const path = resolve(this.context.cwd, this.folder ?? '.');
    const connector = await this.connector();
    const settings = await connector.reviewProject(path);
    const { digest, trust } = settings;
    if (digest === null || trust === 'trusted' || trust === 'none') {
      this.emit(settings);
      this.say(
        `${printableLine(path)} ${trust === 'trusted' ? 'is trusted' : 'has no settings that could run something'}`,
      );
      return 0;
    }
    if (!this.yes) {
      if (!this.context.stdinIsTerminal) throw new UsageError('Not at a terminal: read the settings, then use --yes');
      return (await offerTrust(connector, path, this.context)) ? 0 : 1;
    }
    const trusted = await connector.trustProject(settings.project_path, digest);
    this.emit(trusted);
    this.say(...settingsLines(settings), 'They are trusted now.');
    return 0;
  }
}
