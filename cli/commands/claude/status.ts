import { Command, Option } from 'clipanion';
import type { ClaudeCodeConnector } from '../../../client/connector.ts';
import type { Session } from '../../../domain/service-data.ts';
import { findSession, listSessions, openSessions } from '../../access/find-session.ts';
import { XswarmCommand } from '../../command.ts';
import { wholeNumber } from '../../option-values.ts';
import { makePaint } from '../../output/paint.ts';
import { sessionDetails } from '../../output/session-details.ts';
import { sessionTable } from '../../output/session-table.ts';

/** `xswarm claude status` */
export class ClaudeStatusCommand extends XswarmCommand {
  static override paths = [['claude', 'status']];
  static override usage = Command.Usage({
    category: 'Sessions',
    description: 'show the open sessions, or one session in detail',
    examples: [
      ['Show all open sessions', '$0 claude status'],
      ['Show one', '$0 claude status s-42'],
      ['Show ended sessions, too', '$0 claude status --all --limit 100'],
    ],
  });

  all = Option.Boolean('--all', false, { description: 'Include ended and failed sessions, newest first' });
  user = Option.String('--user', { description: 'Only sessions of this user' });
  limit = Option.String('--limit', { description: 'How many at most (default 50 with --all)' });
  sessionId = Option.String({ name: 'id', required: false });

  override async execute(): Promise<void> {
    const connector = await this.connector();
    if (this.sessionId !== undefined) {
      const session = await findSession(connector, this.sessionId);
      this.emit(session);
      this.say(...sessionDetails(session, Date.now(), makePaint(this.context.color)));
      return;
    }
    const sessions = await this.list(connector);
    for (const session of sessions) this.emit(session);
    if (sessions.length > 0) {
      this.say(...sessionTable(sessions, Date.now(), this.context.width, makePaint(this.context.color)));
      return;
    }
    this.say(
      this.all ? 'No sessions yet: `xswarm claude new` begins one' : 'No open sessions: `xswarm claude new` begins one',
    );
  }

  private async list(connector: ClaudeCodeConnector): Promise<Session[]> {
    const most = this.limit === undefined ? (this.all ? 50 : Infinity) : wholeNumber('--limit', this.limit);
    if (!this.all) return await openSessions(connector, { userId: this.user, most });
    return await listSessions(connector, this.user === undefined ? {} : { user_id: this.user }, most);
  }
}
