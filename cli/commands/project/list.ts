import { Command } from 'clipanion';
import { XswarmCommand } from '../../command.ts';
import { makePaint } from '../../output/paint.ts';
import { printableLine } from '../../output/printable.ts';
import { formatTable } from '../../output/table.ts';
import { formatAgo } from '../../output/time.ts';

/** `xswarm project list` */
export class ProjectListCommand extends XswarmCommand {
  static override paths = [['project', 'list']];
  static override usage = Command.Usage({
    category: 'Projects',
    description: 'list the folders whose settings are trusted',
    examples: [['List them', '$0 project list']],
  });

  override async execute(): Promise<void> {
    const trusts = await (await this.connector()).listTrustedProjects();
    for (const trust of trusts) this.emit(trust);
    if (trusts.length === 0) {
      this.say('No folder is trusted: `xswarm project trust <dir>` trusts one');
      return;
    }
    const now = Date.now();
    const table = formatTable(
      trusts,
      [
        { title: 'PROJECT', value: (trust) => printableLine(trust.project_path), cut: 'start' },
        { title: 'TRUSTED BY', value: (trust) => printableLine(trust.trusted_by ?? '-') },
        { title: 'TRUSTED', value: (trust) => formatAgo(trust.trusted_at, now) },
        { title: 'DIGEST', value: (trust) => trust.digest.slice(0, 12) },
      ],
      this.context.width,
      makePaint(this.context.color),
    );
    this.say(...table);
  }
}
