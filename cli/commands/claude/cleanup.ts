import { Command } from 'clipanion';
import { XswarmCommand } from '../../command.ts';

/** `xswarm claude cleanup` */
export class ClaudeCleanupCommand extends XswarmCommand {
  static override paths = [['claude', 'cleanup']];
  static override usage = Command.Usage({
    category: 'Sessions',
    description: 'disconnect the sessions that are past their idle timeout now',
    examples: [['Clean up', '$0 claude cleanup']],
  });

  override async execute(): Promise<void> {
    const connector = await this.connector();
    const cleaned = await connector.cleanupIdleSessions();
    this.emit({ cleaned });
    this.say(`Disconnected ${cleaned} idle ${cleaned === 1 ? 'session' : 'sessions'}`);
  }
}
