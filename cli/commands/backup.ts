import { resolve } from 'node:path';
import { Command, Option } from 'clipanion';
import { XswarmCommand } from '../command.ts';

/** `xswarm backup` */
export class BackupCommand extends XswarmCommand {
  static override paths = [['backup']];
  static override usage = Command.Usage({
    category: 'Operation',
    description: 'copy the database, with users, tokens and keys, into a file',
    details: `
      Works on the data folder, whether or not xswarm runs. The copy is whole as of one moment and is checked before it gets
      its name; a file that is there already is not replaced.
    `,
    examples: [['Back up', '$0 backup xswarm-backup.db']],
  });

  file = Option.String({ name: 'file' });

  override async execute(): Promise<void> {
    const { backUp } = await import('../../host/backup/backup.ts');
    const file = resolve(this.context.cwd, this.file);
    const held = await backUp(this.context.dataDir, file);
    this.emit({ file, ...held });
    this.say(`Backed up ${held.users} users, ${held.sessions} sessions and ${held.messages} messages to ${file}`);
  }
}
