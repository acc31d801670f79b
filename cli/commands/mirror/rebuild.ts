import { Command } from 'clipanion';
import { XswarmCommand } from '../../command.ts';
import { makeProgressBar } from '../../output/progress-bar.ts';

/** `xswarm mirror rebuild` */
export class MirrorRebuildCommand extends XswarmCommand {
  static override paths = [['mirror', 'rebuild']];
  static override usage = Command.Usage({
    category: 'Operation',
    description: "make the database's sessions, messages and costs anew from Temporal and the gateway's journal",
    details: `
      Works on the running app, a session at a time; readers see the old rows or the new ones. Users, tokens and keys are
      nowhere else: \`$0 backup\` and \`$0 restore\` are for those. Exit code 1 when a session could not be rebuilt.
    `,
    examples: [['Rebuild', '$0 mirror rebuild']],
  });

  override async execute(): Promise<number> {
    const { rebuildMirror } = await import('../../access/mirror-calls.ts');
    const bar = makeProgressBar(this.context.stdout, this.json ? null : this.context.width);
    let code = 0;
    for await (const step of rebuildMirror(this.context)) {
      this.emit(step);
      bar.clear();
      if (step.type === 'progress') bar.show(step.done, step.total);
      if (step.type === 'kept') this.say(`${step.session_id} was left as it is: ${step.text}`);
      if (step.type === 'failed') this.say(`${step.session_id} failed: ${step.text}`);
      if (step.type !== 'rebuilt') continue;
      code = step.failed === 0 ? 0 : 1;
      const left = step.kept === 0 ? '' : `, ${step.kept} left as they are`;
      const failed = step.failed === 0 ? '' : `, ${step.failed} failed: do it again`;
      this.say(`${step.sessions - step.kept - step.failed} sessions rebuilt${left}${failed}`);
    }
    return code;
  }
}
