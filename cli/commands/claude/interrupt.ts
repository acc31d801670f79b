import { Command, Option } from 'clipanion';
import { findSession } from '../../access/find-session.ts';
import { XswarmCommand } from '../../command.ts';

/** `xswarm claude interrupt` */
export class ClaudeInterruptCommand extends XswarmCommand {
  static override paths = [['claude', 'interrupt']];
  static override usage = Command.Usage({
    category: 'Sessions',
    description: 'stop the running turn of a session',
    details: 'The session stays open, and its next message begins. Where no turn is running, nothing changes.',
    examples: [['Stop the running turn', '$0 claude interrupt s-42']],
  });

  sessionId = Option.String({ name: 'id' });

  override async execute(): Promise<void> {
    const connector = await this.connector();
    const { id } = await findSession(connector, this.sessionId);
    const interrupted = await connector.interrupt(id);
    this.emit({ session_id: id, interrupted });
    this.say(interrupted ? `Stopped the running turn of ${id}` : `No turn is running in ${id}`);
  }
}
