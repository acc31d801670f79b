import type { ReadStream, WriteStream } from 'node:tty';
import { Command, Option, UsageError } from 'clipanion';
import type { ClaudeCodeConnector } from '../../../client/connector.ts';
import type { Session } from '../../../domain/service-data.ts';
import { findSession } from '../../access/find-session.ts';
import { offerTrust } from '../../access/review-project.ts';
import { errorLine } from '../../error-line.ts';
import { XswarmCommand } from '../../command.ts';
import { formatUsd } from '../../../domain/money/format-usd.ts';
import { makePaint, paintStatus } from '../../output/paint.ts';
import { printableLine } from '../../output/printable.ts';

const HISTORY = 50;
/** How far back to look for the turn that is running and the messages that wait. */
const EARLIER_EVENTS = 200;

/** `xswarm claude connect` */
export class ClaudeConnectCommand extends XswarmCommand {
  static override paths = [['claude', 'connect']];
  static override usage = Command.Usage({
    category: 'Sessions',
    description: 'attach to a session and talk',
    details: `
      In a terminal: a prompt with streamed answers. Messages that are typed while a turn is running wait in the queue.
      Ctrl-C stops the running turn, Ctrl-D leaves, /help lists the commands; the session stays open.

      In a pipe, or with TERM=dumb: each line of stdin is a message, the answers come on stdout in that order, and the end of
      stdin ends the command. With \`--json\` the session's events come as lines instead.
    `,
    examples: [
      ['Talk to a session', '$0 claude connect s-42'],
      ['Choose one of the open sessions', '$0 claude connect'],
      ['Resume an ended session and talk', '$0 claude connect s-42 --resume'],
      ['Ask two things from a script', 'printf "run the tests\\nfix what fails\\n" | $0 claude connect s-42'],
    ],
  });

  resume = Option.Boolean('--resume', false, { description: 'Resume the session if it has ended, without asking' });
  sessionId = Option.String({ name: 'id', required: false });

  override async execute(): Promise<number> {
    const { stdin, stdout, stderr, stdinIsTerminal, width, color, env } = this.context;
    const atTerminal = stdinIsTerminal && width !== null && !this.json && env.TERM !== 'dumb';
    const connector = await this.connector();
    const session = await this.open(connector, atTerminal);
    if (session === null) return 0;
    const sessionId = session.id;
    if (!atTerminal) {
      const { talkByLines } = await import('../../connect/talk-by-lines.ts');
      return await talkByLines({ connector, sessionId, stdin, stdout, stderr, json: this.json });
    }
    await offerTrust(connector, session.project_path, this.context).catch((error: unknown) => {
      this.context.stderr.write(`${errorLine(error)}\n`);
    });
    const [{ TerminalTalk }, events, history] = await Promise.all([
      import('../../connect/terminal-talk.ts'),
      connector.getEvents(sessionId, { before: Number.MAX_SAFE_INTEGER, limit: EARLIER_EVENTS }),
      earlierMessages(connector, sessionId),
    ]);
    const paint = makePaint(color);
    this.say(this.greeting(session));
    const terminal = { stdin: stdin as ReadStream, stdout: stdout as WriteStream };
    await new TerminalTalk({ ...terminal, connector, sessionId, paint, history, events }).run();
    const { is_active: open, cost_usd: cost } = await connector.requireSession(sessionId);
    const rest = open ? `stays open: xswarm claude connect ${sessionId}` : 'has ended';
    stdout.write(`${paint('dim', `The session ${rest} (${formatUsd(cost)} so far)`)}\n`);
    return 0;
  }

  /** Finds the session, or lets a person choose one, and sees to it that it takes messages; null when the person leaves. */
  private async open(connector: ClaudeCodeConnector, atTerminal: boolean): Promise<Session | null> {
    if (this.sessionId === undefined && !atTerminal) throw new UsageError('Argument <id> is missing');
    const { chooseSession, needsResume, reopenSession } = await import('../../connect/choose-session.ts');
    const found =
      this.sessionId === undefined
        ? await chooseSession(connector, this.context)
        : await findSession(connector, this.sessionId);
    if (found === null) return null;
    const maySayYes = this.resume || atTerminal;
    if (!needsResume(found) || !maySayYes) return await connector.connectSession(found.id);
    return await reopenSession(connector, found, this.context, { asks: !this.resume });
  }

  private greeting(session: Session): string {
    const paint = makePaint(this.context.color);
    const status = paintStatus(paint, session.status);
    const label = session.simulated ? ' · answers are simulated' : '';
    const about = `${printableLine(session.project_path)} · ${formatUsd(session.cost_usd)}${label}`;
    return `${status} ${paint('dim', `${about}\nCtrl-C stops a turn, Ctrl-D leaves, /help lists the commands`)}`;
  }
}

async function earlierMessages(connector: ClaudeCodeConnector, sessionId: string): Promise<string[]> {
  const { items } = await connector.getMessages(sessionId, { order: 'desc', limit: HISTORY });
  return items.flatMap(({ direction, message }) => (direction === 'to_claude' ? [message] : []));
}
