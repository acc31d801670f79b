import { Command, Option, UsageError } from 'clipanion';
import type { ShownInteraction } from '../../../domain/control/interaction.ts';
import { findInteraction } from '../../access/find-interaction.ts';
import { XswarmCommand } from '../../command.ts';
import { printableLine } from '../../output/printable.ts';

/** `xswarm deny` */
export class DenyCommand extends XswarmCommand {
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
  id = Option.String({ name: 'id' });

  override async execute(): Promise<void> {
    const connector = await this.connector();
    const asked = await findInteraction(connector, this.id);
    const now = await connector.answer(asked.interaction_id, this.answerTo(asked), { door: 'cli' });
    this.emit(now);
    this.say(`Denied: ${printableLine(now.title)}`);
  }

  private answerTo({ kind }: ShownInteraction): Record<string, unknown> {
    const reason = this.reason === undefined ? {} : { reason: this.reason };
    if (kind === 'permission') return { decision: this.stop ? 'deny_and_stop' : 'deny', ...reason };
    if (this.stop) throw new UsageError(`--stop is for tool calls, and this is a ${kind}`);
    if (kind === 'plan') return { decision: 'reject', ...reason };
    if (kind === 'trust') return { decision: 'refuse' };
    if (kind === 'budget') return { decision: 'stop' };
    throw new UsageError('A question cannot be denied: use `xswarm answer <id> <text>`');
  }
}
