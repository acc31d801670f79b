import { Option } from 'clipanion';
import type { ShownInteraction } from '../../../domain/control/interaction.ts';
import { findInteraction } from '../../access/find-interaction.ts';
import { XswarmCommand } from '../../command.ts';
import { printableLine } from '../../output/printable.ts';

/** What the commands share that answer one interaction. */
export abstract class DecisionCommand extends XswarmCommand {
  id = Option.String({ name: 'id' });

  /** The word for what was done, before the title. */
  protected abstract readonly done: string;

  /** The answer to send; throws `UsageError` where the command does not fit what is asked. */
  protected abstract answerTo(asked: ShownInteraction): Record<string, unknown>;

  override async execute(): Promise<void> {
    const connector = await this.connector();
    const asked = await findInteraction(connector, this.id);
    const now = await connector.answer(asked.interaction_id, this.answerTo(asked), { door: 'cli' });
    this.emit(now);
    this.say(`${this.done}: ${printableLine(now.title)}`);
  }
}
