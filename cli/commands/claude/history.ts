import { Command, Option } from 'clipanion';
import type { HistoryMessage } from '../../../domain/service-data.ts';
import { findSession } from '../../access/find-session.ts';
import { XswarmCommand } from '../../command.ts';
import { formatUsd } from '../../../domain/money/format-usd.ts';
import { makePaint } from '../../output/paint.ts';
import { printable, printableLine } from '../../output/printable.ts';
import { formatAgo } from '../../output/time.ts';
import { wholeNumber } from '../../option-values.ts';

/** `xswarm claude history` */
export class ClaudeHistoryCommand extends XswarmCommand {
  static override paths = [['claude', 'history']];
  static override usage = Command.Usage({
    category: 'Sessions',
    description: 'show the messages of a session, both directions',
    examples: [
      ['Show the last messages', '$0 claude history s-42'],
      ['Write the whole conversation as JSON lines', '$0 claude history s-42 --limit 100000 --json'],
    ],
  });

  limit = Option.String('--limit', '50', { description: 'How many of the newest messages' });
  sessionId = Option.String({ name: 'id' });

  override async execute(): Promise<void> {
    const messages = await this.newest(wholeNumber('--limit', this.limit));
    for (const message of messages) {
      this.emit(message);
      this.say(...this.lines(message));
    }
    if (messages.length === 0) this.say('No messages yet');
  }

  private async newest(most: number): Promise<HistoryMessage[]> {
    const connector = await this.connector();
    const { id } = await findSession(connector, this.sessionId);
    const found: HistoryMessage[] = [];
    let cursor: string | undefined;
    do {
      const limit = Math.min(100, most - found.length);
      const page = await connector.getMessages(id, { order: 'desc', limit, cursor });
      found.push(...page.items);
      cursor = page.next_cursor ?? undefined;
    } while (cursor !== undefined && found.length < most);
    return found.reverse();
  }

  private lines(message: HistoryMessage): string[] {
    const paint = makePaint(this.context.color);
    const toClaude = message.direction === 'to_claude';
    const about = [formatAgo(message.timestamp, Date.now())];
    if (!toClaude) about.push(formatUsd(message.cost_usd));
    if (message.status !== 'done') about.push(message.status);
    if (message.simulated === true) about.push('simulated');
    const who = toClaude ? paint('cyan', 'You') : paint('green', 'Claude');
    const reason = message.error === undefined ? [] : [paint('red', printableLine(message.error.message))];
    const text = message.message === '' ? [] : [printable(message.message)];
    return [`${who} ${paint('dim', about.join(' · '))}`, ...text, ...reason, ''];
  }
}
