import { Command, Option } from 'clipanion';
import type { ClaudeCodeConnector } from '../../client/connector.ts';
import type { Session, SessionFilter } from '../../domain/service-data.ts';
import { XswarmCommand } from '../command.ts';
import { wholeNumber } from '../whole-number.ts';
import { makePaint } from '../output/paint.ts';
import { sessionDetails } from '../output/session-details.ts';
import { sessionTable } from '../output/session-table.ts';

const OPEN = ['connecting', 'active', 'idle', 'disconnecting'] as const;

/** `xswarm claude status` */
export class ClaudeStatusCommand extends XswarmCommand {
  static override paths = [['claude', 'status']];
  static override usage = Command.Usage({
    category: 'Sessions',
    description: 'show the open sessions, or one session closely',
    examples: [
      ['Show all open sessions', '$0 claude status'],
      ['Show one', '$0 claude status s-42'],
      ['Show those that ended, too', '$0 claude status --all --limit 100'],
    ],
  });

  all = Option.Boolean('--all', false, { description: 'Sessions that ended or failed, too, newest first' });
  user = Option.String('--user', { description: 'Only sessions of this user' });
  limit = Option.String('--limit', { description: 'How many at most (default 50 with --all)' });
  sessionId = Option.String({ name: 'id', required: false });

  override async execute(): Promise<void> {
    const connector = await this.connector();
    if (this.sessionId !== undefined) {
      const session = await connector.requireSession(this.sessionId);
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
    const mine = this.user === undefined ? {} : { user_id: this.user };
    if (this.all) return await pages(connector, mine, most);
    const lists = await Promise.all(OPEN.map((status) => pages(connector, { ...mine, status }, most)));
    return lists
      .flat()
      .sort((a, b) => b.started_at.localeCompare(a.started_at))
      .slice(0, most);
  }
}

async function pages(connector: ClaudeCodeConnector, filter: Partial<SessionFilter>, most: number): Promise<Session[]> {
  const found: Session[] = [];
  let cursor: string | undefined;
  do {
    const page = await connector.listSessions({ ...filter, cursor, limit: Math.min(100, most - found.length) });
    found.push(...page.items);
    cursor = page.next_cursor ?? undefined;
  } while (cursor !== undefined && found.length < most);
  return found;
}
