import { Command, Option } from 'clipanion';
import { XswarmCommand } from '../command.ts';

/** `xswarm supervisor`, alias `xswarm voice-bridge` */
export class SupervisorCommand extends XswarmCommand {
  static override paths = [['supervisor'], ['voice-bridge']];
  static override usage = Command.Usage({
    category: 'Running',
    description: 'run everything on this machine, without the first conversation',
    details: 'The same as `start --no-talk`; `voice-bridge` is its other name.',
    examples: [['Run it behind a script', '$0 voice-bridge & SUPERVISOR_PID=$!']],
  });

  configFile = Option.String('--config', { description: 'The configuration file' });
  debug = Option.Boolean('--debug', false, { description: 'Show every log line of every part' });

  override async execute(): Promise<void> {
    const { runStart } = await import('../running/run-start.ts');
    await runStart(this.withConfigFile(this.configFile), { json: this.json, debug: this.debug, talkFirst: false });
  }
}
