import { text } from 'node:stream/consumers';
import { Command, Option, UsageError } from 'clipanion';
import { findSession } from '../../access/find-session.ts';
import { XswarmCommand } from '../../command.ts';
import { formatUsd } from '../../../domain/money/format-usd.ts';
import { makePaint } from '../../output/paint.ts';
import { printable } from '../../output/printable.ts';

/** `xswarm claude send` */
export class ClaudeSendCommand extends XswarmCommand {
  static override paths = [['claude', 'send']];
  static override usage = Command.Usage({
    category: 'Sessions',
    description: 'send a message to a session and wait for the answer',
    details: `
      The message waits in line while another one is worked on. Ending this command ends only the wait: the answer is in
      \`claude history\` later. With \`-\` as the message it is read from stdin. Exit code 1 when the turn failed.
    `,
    examples: [
      ['Ask for something', '$0 claude send s-42 "fix the failing test"'],
      ['Send a file', '$0 claude send s-42 - < request.md'],
      ['Hand it over and do not wait', '$0 claude send s-42 --no-wait "run the whole suite"'],
    ],
  });

  noWait = Option.Boolean('--no-wait', false, { description: 'Print the message id as soon as it is accepted' });
  key = Option.String('--key', { description: 'Idempotency key: the same key is never carried out twice' });
  sessionId = Option.String({ name: 'id' });
  words = Option.Rest({ name: 'text', required: 1 });

  override async execute(): Promise<number> {
    const { stdin, stdout, stderr, color, width } = this.context;
    const content = this.words.join(' ') === '-' ? await text(stdin) : this.words.join(' ');
    if (content.trim() === '') throw new UsageError('The message is empty');
    const connector = await this.connector();
    const { id } = await findSession(connector, this.sessionId);
    const options = { ...(this.key !== undefined && { idempotencyKey: this.key }) };

    if (this.noWait) {
      const message = await connector.sendMessage(id, content, undefined, options);
      this.emit({ message_id: message.id, session_id: message.session_id, status: 'queued' });
      this.say(message.id);
      return 0;
    }
    const response = await connector.ask(id, content, undefined, options);
    this.emit(response);
    if (response.content !== '') this.say(width === null ? response.content : printable(response.content));
    if (response.status !== 'done') {
      stderr.write(`${response.error?.message ?? `The turn ended as ${response.status}`}\n`);
      return 1;
    }
    if (width !== null && !this.json) {
      const label = response.simulated ? ' · simulated' : '';
      stdout.write(`${makePaint(color)('dim', formatUsd(response.cost_usd) + label)}\n`);
    }
    return 0;
  }
}
