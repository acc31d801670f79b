import { resolve } from 'node:path';
import { Command, Option } from 'clipanion';
import { PERMISSION_MODES } from '../../../domain/session/session.ts';
import type { SessionOptions } from '../../../domain/session/session.ts';
import { XswarmCommand } from '../../command.ts';
import { defaultUser } from '../../access/default-user.ts';
import { oneOf, wholeNumber } from '../../option-values.ts';

/** `xswarm claude new` */
export class ClaudeNewCommand extends XswarmCommand {
  static override paths = [['claude', 'new']];
  static override values = { '--permission-mode': PERMISSION_MODES };
  static override usage = Command.Usage({
    category: 'Sessions',
    description: 'begin a session with Claude Code in a folder',
    details:
      'Waits until the agent is connected, then prints the session id. The session stays open until it idles out.',
    examples: [
      ['Begin in the current folder', '$0 claude new'],
      ['Begin in another folder, for another user', '$0 claude new --project ~/work/shop --user ada'],
      ['Begin and talk at once', '$0 claude connect $($0 claude new)'],
    ],
  });

  project = Option.String('--project', { description: 'The folder to work in (default: this one)' });
  user = Option.String('--user', { description: 'Whose session it is (default: XSWARM_USER, or the only user)' });
  id = Option.String('--id', { description: 'Session id to use instead of a new UUID' });
  titleText = Option.String('--title', { description: 'A title to find it by' });
  model = Option.String('--model', { description: 'Model of the session' });
  permissionMode = Option.String('--permission-mode', { description: `One of ${PERMISSION_MODES.join(', ')}` });
  idleTimeout = Option.String('--idle-timeout', { description: 'Seconds without work until it is disconnected' });

  override async execute(): Promise<void> {
    const options = this.sessionOptions();
    const userId = await defaultUser(this.user, this.context);
    const connector = await this.connector();
    const session = await connector.createSession(userId, resolve(this.context.cwd, this.project ?? '.'), {
      ...(this.id !== undefined && { sessionId: this.id }),
      ...(this.titleText !== undefined && { title: this.titleText }),
      options,
    });
    this.emit(session);
    this.say(session.id);
    if (session.simulated && !this.json) {
      this.context.stderr.write('Answers in this session are simulated: `xswarm doctor` says what to do.\n');
    }
  }

  private sessionOptions(): SessionOptions {
    const mode =
      this.permissionMode === undefined ? undefined : oneOf('--permission-mode', this.permissionMode, PERMISSION_MODES);
    const seconds = this.idleTimeout === undefined ? undefined : wholeNumber('--idle-timeout', this.idleTimeout);
    return {
      ...(this.model !== undefined && { model: this.model }),
      ...(mode !== undefined && { permission_mode: mode }),
      ...(seconds !== undefined && { idle_timeout_seconds: seconds }),
    };
  }
}
