import { Command, Option, UsageError } from 'clipanion';
import type { ShownInteraction } from '../../../domain/control/interaction.ts';
import { DecisionCommand } from './decision-command.ts';

/** `xswarm deny` */
export class DenyCommand extends DecisionCommand {
  static override paths = [['deny']];
  static override usage = Command.Usage({
    category: 'Approvals',
    description: 'deny a tool call, or reject a plan',
    examples: [
      ['Deny number 1 of the inbox', '$0 deny 1'],
      ['Deny it and say what to do instead', `$0 deny 1 --reason 'Use the Makefile'`],
      ['Deny it and end the turn', '$0 deny 1 --stop'],
    ],
  });

  stop = Option.Boolean('--stop', false, { description: 'End the turn, too' });
  reason = Option.String('--reason', { description: 'What Claude is told' });

  protected readonly done = 'Denied';

  protected answerTo({ kind }: ShownInteraction): Record<string, unknown> {
    const reason = this.reason === undefined ? {} : { reason: this.reason };
    if (kind === 'permission') return { decision: this.stop ? 'deny_and_stop' : 'deny', ...reason };
    if (this.stop) throw new UsageError(`--stop is for tool calls, and this is a ${kind}`);
    if (kind === 'plan') return { decision: 'reject', ...reason };
    throw new UsageError(`A ${kind} cannot be denied: use \`xswarm answer <id> <text>\``);
  }
}
