import { Command, Option } from 'clipanion';
import type { ClaudeCodeConnector } from '../../client/connector.ts';
import type { Session } from '../../domain/service-data.ts';
import { XswarmCommand } from '../command.ts';
import { formatUsd } from '../../domain/format-usd.ts';
import { makePaint, paintStatus } from '../output/paint.ts';
import { printableLine } from '../output/printable.ts';

const HISTORY = 50;

/** `xswarm claude connect` */
export class ClaudeConnectCommand extends XswarmCommand {
  static override paths = [['claude', 'connect']];
  static override usage = Command.Usage({
    category: 'Sessions',
    description: 'attach to a session and talk',
    details: `
      In a terminal: a prompt with streamed answers. A trailing backslash continues in the next line, Ctrl-C stops the turn
      that runs, Ctrl-D leaves; the session stays open.

      In a pipe: each line of stdin is a message, the answers come on stdout in that order, and the end of stdin ends the
      command. With \`--json\` the session's events come as lines instead.
    `,
    examples: [
      ['Talk to a session', '$0 claude connect s-42'],
      ['Ask two things from a script', 'printf "run the tests\\nfix what fails\\n" | $0 claude connect s-42'],
    ],
  });

  sessionId = Option.String({ name: 'session_id' });

  override async execute(): Promise<number> {
    const { stdin, stdout, stderr, stdinIsTerminal, width, color } = this.context;
    const connector = await this.connector();
    const session = await connector.connectSession(this.sessionId);
    const { sessionId } = this;
    if (!stdinIsTerminal || width === null || this.json) {
      const { talkByLines } = await import('../connect/talk-by-lines.ts');
      return await talkByLines({ connector, sessionId, stdin, stdout, stderr, json: this.json });
    }
    const paint = makePaint(color);
    const [{ talkAtTerminal }, after, history] = await Promise.all([
      import('../connect/talk-at-terminal.ts'),
      connector.lastEventNumber(sessionId),
      earlierMessages(connector, sessionId),
    ]);
    this.say(this.greeting(session));
    await talkAtTerminal({ connector, sessionId, stdin, stdout, paint, history, after });
    const { is_active: open, cost_usd: cost } = await connector.requireSession(sessionId);
    const rest = open ? `stays open: xswarm claude connect ${sessionId}` : 'has ended';
    stdout.write(`\n${paint('dim', `The session ${rest} (${formatUsd(cost)} so far)`)}\n`);
    return 0;
  }

  private greeting(session: Session): string {
    const paint = makePaint(this.context.color);
    const status = paintStatus(paint, session.status);
    const label = session.simulated ? ' · answers are simulated' : '';
    const about = `${printableLine(session.project_path)} · ${formatUsd(session.cost_usd)}${label}`;
    return `${status} ${paint('dim', `${about}\nCtrl-C stops a turn, Ctrl-D leaves`)}`;
  }
}

async function earlierMessages(connector: ClaudeCodeConnector, sessionId: string): Promise<string[]> {
  const { items } = await connector.getMessages(sessionId, { order: 'desc', limit: HISTORY });
  return items.flatMap(({ direction, message }) =>
    direction === 'to_claude' && !message.includes('\n') ? [message] : [],
  );
}
