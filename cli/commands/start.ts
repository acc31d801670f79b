import { Command, Option } from 'clipanion';
import { XswarmCommand } from '../command.ts';

/** `xswarm start` */
export class StartCommand extends XswarmCommand {
  static override paths = [['start']];
  static override usage = Command.Usage({
    category: 'Running',
    description: 'run everything on this machine: Temporal, the gateway and the app',
    details: `
      Each part is started again when it dies. The first start holds one conversation in the current folder, so that
      everything is seen to work. Ctrl-C stops all parts within 10 seconds; sessions go on at the next start.
    `,
    examples: [
      ['Start everything', '$0 start'],
      ['Start without the first conversation and see every log line', '$0 start --no-talk --debug'],
    ],
  });

  configFile = Option.String('--config', { description: 'The configuration file' });
  debug = Option.Boolean('--debug', false, { description: 'Show every log line of every part' });
  noTalk = Option.Boolean('--no-talk', false, { description: 'Hold no first conversation' });

  override async execute(): Promise<void> {
    const { runStart } = await import('../running/run-start.ts');
    await runStart(this.withConfigFile(this.configFile), {
      json: this.json,
      debug: this.debug,
      talkFirst: !this.noTalk,
    });
  }
}
