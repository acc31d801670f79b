import { Command, Option } from 'clipanion';
import { findSession } from '../../access/find-session.ts';
import { XswarmCommand } from '../../command.ts';

/** `xswarm claude resume` */
export class ClaudeResumeCommand extends XswarmCommand {
  static override paths = [['claude', 'resume']];
  static override usage = Command.Usage({
    category: 'Sessions',
    description: 'start an ended session again',
    details: `
      Its id, history, costs, options and conversation continue. A session cannot be resumed when the agent's conversation is
      gone.
    `,
    examples: [
      ['Resume a session', '$0 claude resume s-42'],
      ['Resume it and talk', '$0 claude connect s-42 --resume'],
    ],
  });

  sessionId = Option.String({ name: 'id' });

  override async execute(): Promise<void> {
    const connector = await this.connector();
    const { id } = await findSession(connector, this.sessionId);
    const session = await connector.resumeSession(id);
    this.emit(session);
    this.say(`Resumed ${id}`);
  }
}
