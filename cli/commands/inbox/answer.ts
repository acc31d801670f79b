import { Command, Option, UsageError } from 'clipanion';
import type { ShownInteraction } from '../../../domain/control/interaction.ts';
import { DecisionCommand } from './decision-command.ts';

/** `xswarm answer` */
export class AnswerCommand extends DecisionCommand {
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

  text = Option.Rest({ name: 'text', required: 1 });

  protected readonly done = 'Answered';

  protected answerTo(asked: ShownInteraction): Record<string, unknown> {
    if (asked.kind !== 'question') {
      throw new UsageError(`${this.id} is a ${asked.kind}: use \`xswarm approve\` or \`xswarm deny\``);
    }
    const { questions } = asked.detail;
    if (this.text.length === questions.length) {
      return { answers: Object.fromEntries(questions.map(({ question }, index) => [question, this.text[index]])) };
    }
    if (this.text.length === 1) return { response: this.text[0] };
    throw new UsageError(`${questions.length} questions were asked, and ${this.text.length} texts were given`);
  }
}
