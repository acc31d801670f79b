import { Command, Option, UsageError } from 'clipanion';
import { findInteraction } from '../../access/find-interaction.ts';
import { XswarmCommand } from '../../command.ts';
import { printableLine } from '../../output/printable.ts';

/** `xswarm answer` */
export class AnswerCommand extends XswarmCommand {
  static override paths = [['answer']];
  static override usage = Command.Usage({
    category: 'Approvals',
    description: 'answer a question of Claude in your own words or with its options',
    details:
      'One text for each question that was asked, in order; a single text for several questions answers them together.',
    examples: [
      ['Choose an option', '$0 answer 2 SQLite'],
      ['Choose two options', `$0 answer 2 'Linux, macOS'`],
      ['Answer two questions', `$0 answer 2 SQLite 'no migrations'`],
    ],
  });

  id = Option.String({ name: 'id' });
  text = Option.Rest({ name: 'text', required: 1 });

  override async execute(): Promise<void> {
    const connector = await this.connector();
    const asked = await findInteraction(connector, this.id);
    if (asked.kind !== 'question') {
      throw new UsageError(`${this.id} is a ${asked.kind}: use \`xswarm approve\` or \`xswarm deny\``);
    }
    const { questions } = asked.detail;
    if (this.text.length > 1 && this.text.length !== questions.length) {
      throw new UsageError(`${questions.length} questions were asked, and ${this.text.length} texts were given`);
    }
    const answer =
      this.text.length === questions.length
        ? { answers: Object.fromEntries(questions.map(({ question }, index) => [question, this.text[index]])) }
        : { response: this.text[0] };
    const now = await connector.answer(asked.interaction_id, answer, { door: 'cli' });
    this.emit(now);
    this.say(`Answered: ${printableLine(now.title)}`);
  }
}
