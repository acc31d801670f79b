import { Command, Option } from 'clipanion';
import { findSession } from '../../access/find-session.ts';
import { XswarmCommand } from '../../command.ts';

/** `xswarm claude disconnect` */
export class ClaudeDisconnectCommand extends XswarmCommand {
  static override paths = [['claude', 'disconnect']];
  static override usage = Command.Usage({
    category: 'Sessions',
    description: 'end a session',
    examples: [['End a session', '$0 claude disconnect s-42']],
  });

  reason = Option.String('--reason', { description: 'Why, for the record (default: User requested)' });
  sessionId = Option.String({ name: 'id' });

  override async execute(): Promise<void> {
    const connector = await this.connector();
    const { id } = await findSession(connector, this.sessionId);
    const ended = await connector.disconnectSession(id, this.reason);
    this.emit(ended);
    this.say(`Disconnected ${ended.session_id}: ${ended.reason}`);
  }
}
