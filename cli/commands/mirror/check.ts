import { Command } from 'clipanion';
import type { MirrorDifference } from '../../../domain/mirror/mirror-steps.ts';
import { XswarmCommand } from '../../command.ts';
import { makeProgressBar } from '../../output/progress-bar.ts';

/** `xswarm mirror check` */
export class MirrorCheckCommand extends XswarmCommand {
  static override paths = [['mirror', 'check']];
  static override usage = Command.Usage({
    category: 'Operation',
    description: "compare the database with Temporal and the gateway's journal, row by row",
    details: 'Works on the running app and changes nothing. Exit code 1 when something differs.',
    examples: [['Check', '$0 mirror check']],
  });

  override async execute(): Promise<number> {
    const { checkMirror } = await import('../../access/mirror-calls.ts');
    const bar = makeProgressBar(this.context.stdout, this.json ? null : this.context.width);
    let found = 0;
    for await (const step of checkMirror(this.context)) {
      this.emit(step);
      bar.clear();
      if (step.type === 'progress') bar.show(step.done, step.total);
      if (step.type === 'difference') this.say(lineOf(step));
      if (step.type !== 'checked') continue;
      found = step.differences;
      const verdict = found === 0 ? 'no difference' : `${found} differences: \`xswarm mirror rebuild\` corrects them`;
      this.say(`${step.sessions} sessions checked, ${verdict}`);
    }
    return found === 0 ? 0 : 1;
  }
}

function lineOf({ session_id, part, id, text }: MirrorDifference): string {
  return [session_id, part, id].filter((word) => word !== null).join(' ') + `: ${text}`;
}
