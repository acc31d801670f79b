import { resolve } from 'node:path';
import { Command, Option } from 'clipanion';
import { XswarmCommand } from '../command.ts';

/** `xswarm restore` */
export class RestoreCommand extends XswarmCommand {
  static override paths = [['restore']];
  static override usage = Command.Usage({
    category: 'Operation',
    description: 'put a backup of the database back',
    details: `
      Only while xswarm does not run. The database that was there is kept beside it under another name. After the next start
      \`$0 mirror rebuild\` brings back the sessions and messages since the backup.
    `,
    examples: [['Restore', '$0 restore xswarm-backup.db']],
  });

  file = Option.String({ name: 'file' });

  override async execute(): Promise<void> {
    const { restore } = await import('../../host/backup/restore.ts');
    const file = resolve(this.context.cwd, this.file);
    const restored = restore(this.context.dataDir, file);
    this.emit({ file, ...restored });
    const { users, sessions, messages, kept } = restored;
    this.say(`Restored ${users} users, ${sessions} sessions and ${messages} messages from ${file}`);
    if (kept !== null) this.say(`What was there is kept as ${kept}`);
    this.say('Now `xswarm start`, then `xswarm mirror rebuild` for what happened since the backup');
  }
}
