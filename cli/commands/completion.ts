import { Command, Option } from 'clipanion';
import { XswarmCommand } from '../command.ts';
import { oneOf } from '../option-values.ts';
import { completionScript, SHELLS } from '../completion/completion-script.ts';
import { describeCommands } from '../completion/describe-commands.ts';

/** `xswarm completion` */
export class CompletionCommand extends XswarmCommand {
  static override paths = [['completion']];
  static override values = { '<shell>': SHELLS };
  static override usage = Command.Usage({
    category: 'Operation',
    description: 'print a completion script for bash, zsh or fish',
    examples: [
      ['Complete in this bash', 'source <($0 completion bash)'],
      ['Complete in every zsh', '$0 completion zsh >> ~/.zshrc'],
      ['Complete in every fish', '$0 completion fish > ~/.config/fish/completions/xswarm.fish'],
    ],
  });

  shell = Option.String({ name: 'shell' });

  override async execute(): Promise<void> {
    const shell = oneOf('<shell>', this.shell, SHELLS);
    const script = completionScript(shell, await describeCommands(this.context.commands));
    this.emit({ shell, script });
    if (!this.json) this.context.stdout.write(script);
  }
}
