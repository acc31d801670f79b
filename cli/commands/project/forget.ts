import { resolve } from 'node:path';
import { Command, Option } from 'clipanion';
import { XswarmCommand } from '../../command.ts';
import { printableLine } from '../../output/printable.ts';

/** `xswarm project forget` */
export class ProjectForgetCommand extends XswarmCommand {
  static override paths = [['project', 'forget']];
  static override usage = Command.Usage({
    category: 'Projects',
    description: 'forget the trust in a folder',
    details: 'Its sessions go on without the settings of the folder from the next connection to their agent on.',
    examples: [['Forget a folder', '$0 project forget ~/work/shop']],
  });

  folder = Option.String({ name: 'dir' });

  override async execute(): Promise<void> {
    const path = resolve(this.context.cwd, this.folder);
    const forgotten = await (await this.connector()).forgetProject(path);
    this.emit({ project_path: path, forgotten });
    this.say(`${printableLine(path)} ${forgotten ? 'is not trusted any more' : 'was not trusted'}`);
  }
}
